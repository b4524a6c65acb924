import Foundation
import RenditionTestKit
import Synchronization
import Testing

/// One worker of all finds new photos and takes back expired leases, and another follows when it falls silent.
@Suite("The election", .serialized, .timeLimit(.minutes(5)))
struct ElectionTests {
    private let stage: Stage
    private let lookout: Lookout
    private let proxies: (a: FaultProxy, b: FaultProxy)

    init() async throws {
        stage = try await Stage()
        lookout = Lookout(stage.platform)
        proxies = (try await stage.proxy(), try await stage.proxy())
    }

    /// Worker A, which keeps house, and worker B, which has seen that the office is taken.
    private func start(lease: Int, onStepOfA: @escaping @Sendable (WorkerStep) -> Void = { _ in }) async throws -> (
        a: Command, b: Command
    ) {
        let settings = ["RENDITIONS_LEASE_SECONDS": "\(lease)"]
        lookout.follow("A", proxies.a, onStep: onStepOfA)
        lookout.follow("B", proxies.b)
        let a = try stage.worker(through: proxies.a, settings)
        try await eventually("A keeps house") { a.errors.contains("keeps house now") }
        let b = try stage.worker(through: proxies.b, settings)
        try await eventually("B sees who has the office") { lookout.count(.scan, by: "B") > 1 }
        return (a, b)
    }

    private func render(_ sample: String) async throws -> String {
        let id = try await stage.upload(sample)
        try await eventually("\(sample) is rendered") { try await stage.isRendered(id) }
        return id
    }

    /// Ends workers and checks that each photo was rendered once by all of them together.
    private func end(_ workers: [Command], having ids: [String]) async throws {
        for worker in workers { worker.signal(SIGTERM) }
        var done: [String] = []
        for worker in workers {
            done += try Renditions.reports(try await worker.wait().output)
                .filter { $0["outcome"] as? String == "done" }.compactMap { $0["photo"] as? String }
        }
        #expect(done.sorted() == ids.sorted())
        for id in ids { #expect(try await stage.showing(id).flaws == []) }
    }

    /// It is paused while it waits for an answer: to a look for photos, or to the renewal of its office.
    @Test(arguments: [WorkerStep.look, .office])
    func theOtherTakesThePlaceOfOneThatSleeps(_ step: WorkerStep) async throws {
        let (sleeper, isDue, isAsleep) = (Sleeper(), Tally(), Tally())
        let (a, b) = try await start(lease: 6) { this in
            guard this == step, isDue.count == 1, isAsleep.add() == 1 else { return }
            sleeper.stop()
        }
        sleeper.watch(a)
        var ids = [try await render("orientation-1.jpg")]
        #expect(lookout.count(.look, by: "A") > 0)
        #expect(lookout.count(.look, by: "B") == 0, "one looks")

        isDue.add()
        try await eventually("A sleeps") { isAsleep.count > 0 }
        ids.append(try await render("tiny.jpg"))
        #expect(lookout.count(.look, by: "B") > 0)

        a.signal(SIGCONT)
        try await eventually("A sees that it keeps house no longer") { a.errors.contains("keeps house no longer") }
        ids.append(try await render("orientation-3.jpg"))
        let looks = lookout.count(.look, by: "B")
        try await eventually("B goes on looking") { lookout.count(.look, by: "B") > looks + 1 }
        // Should B have been too slow and lost the office, A may have it by rights.
        let later = lookout.steps(of: "A", afterFirst: .look, of: "B").prefix { $0 != .election }
        #expect(!later.contains(.look))
        try await end([a, b], having: ids)
    }

    @Test func theOtherFollowsOneThatWasKilled() async throws {
        let (a, b) = try await start(lease: 6)
        a.signal(SIGKILL)
        _ = try await a.wait()
        let held = try #require(lookout.events.last { $0.worker == "A" && [.election, .office].contains($0.step) })
        let id = try await render("tiny.jpg")
        let look = try #require(lookout.events.first { $0.worker == "B" && $0.step == .look })
        // Each worker may take the store's time for half a second later or earlier than it is.
        #expect(look.at - held.at > .seconds(2), "the office was A's for three seconds more")
        try await end([b], having: [id])
    }

    @Test func oneThatEndsInOrderLetsTheOtherFollowAtOnce() async throws {
        let (a, b) = try await start(lease: 60)
        let held = try #require(lookout.events.last { $0.worker == "A" && [.election, .office].contains($0.step) })
        a.signal(SIGTERM)
        #expect(try await a.wait().status == 0)
        let id = try await render("tiny.jpg")
        let look = try #require(lookout.events.first { $0.worker == "B" && $0.step == .look })
        #expect(look.at - held.at < .seconds(29), "it doesn't wait for the end of the office's lease of 30 s")
        try await end([b], having: [id])
    }
}

/// Stops a worker that is known only once it runs.
private final class Sleeper: Sendable {
    private let worker = Mutex<Command?>(nil)

    func watch(_ command: Command) { worker.withLock { $0 = command } }
    func stop() { worker.withLock { $0 }?.signal(SIGSTOP) }
}
