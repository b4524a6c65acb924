import Foundation
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

/// What a worker does that wakes when its photo has long been another's.
@Suite("Fencing", .serialized, .timeLimit(.minutes(10)))
struct FencingTests {
    /// Where a worker stops: at the n-th request of a step.
    struct Pause: Sendable, CustomTestStringConvertible {
        var step: WorkerStep
        var number = 1
        /// Whether the request is carried out at once and only its answer lost; otherwise it is carried out late.
        var isCarriedOut = false

        var testDescription: String { "\(isCarriedOut ? "after" : "before") \(step.rawValue) \(number)" }
    }

    @Test(
        "A worker paused past its lease, at any step of publication, changes nothing visible when it wakes",
        arguments: [
            Pause(step: .renewal), Pause(step: .renewal, isCarriedOut: true), Pause(step: .renditionHead),
            Pause(step: .renditionPut), Pause(step: .renditionPut, number: 4), Pause(step: .originalHead),
            Pause(step: .commit), Pause(step: .commit, number: 2), Pause(step: .finish),
        ])
    func aSleeperChangesNothing(_ pause: Pause) async throws {
        let stage = try await Stage()
        let proxy = try await stage.proxy()
        let sleeper = try stage.worker(through: proxy, ["RENDITIONS_LEASE_SECONDS": "3"])
        let held = Valve()
        held.close()
        let isAsleep = sleep(sleeper, at: pause, proxy, stage.platform, held)
        let looks = pause.step == .renditionHead
        let id = try await (looks ? stage.uploadOverRemains("orientation-1.jpg") : stage.upload("orientation-1.jpg"))
        try await eventually("the worker gets there") { isAsleep() }

        // Another photograph, so that stale bytes can be told from new ones; and the same as a photo of its own, to
        // know the new ones.
        try await stage.replaceOriginal(of: id, with: "tiny.jpg")
        let twin = try await stage.upload("tiny.jpg")
        let heir = try await stage.worker(["--drain"], ["RENDITIONS_LEASE_SECONDS": "3"]).wait()
        #expect(heir.status == 0, "\(heir.errors)")
        let left = try await stage.showing(id)
        #expect(left.flaws == [])
        #expect(left.state == "done" && left.doneFence == 2)
        #expect(left.checksums == (try await stage.showing(twin)).checksums, "all are of the new original")

        held.open()
        sleeper.signal(SIGCONT)
        try await eventually("the worker sees that the photo isn't its own any more") {
            sleeper.errors.contains("Left to whoever holds it now.")
        }
        sleeper.signal(SIGTERM)
        let end = try await sleeper.wait()
        #expect(end.status == 0, "\(end.errors)")
        #expect(try await stage.showing(id) == left)
    }

    /// Stops a worker when the request comes, and holds that until it may go on.
    ///
    /// - Returns: tells whether it has come.
    private func sleep(
        _ worker: Command, at pause: Pause, _ proxy: FaultProxy, _ platform: AWSPlatform, _ held: Valve
    ) -> @Sendable () -> Bool {
        let seen = Tally()
        proxy.onRequest { request in
            let step = WorkerStep(request, on: platform)
            if step == .originalGet, pause.step == .commit, pause.number == 2 {
                return .hold { try? await Self.takeStatus(platform) }
            }
            guard step == pause.step, seen.add() == pause.number else { return .pass }
            worker.signal(SIGSTOP)
            return pause.isCarriedOut ? .dropReply : .hold { await held.pass() }
        }
        return { seen.count >= pause.number }
    }

    /// Has the backend set the one photo's status itself: a commit then asks a second time, leaving that alone.
    private static func takeStatus(_ platform: AWSPlatform) async throws {
        for item in try await platform.dynamo.read(.init(platform.tables.photos)).items {
            var change = Expression()
            change.set("status", .string(PhotoStatus.active))
            _ = try await platform.dynamo.update(["id": item["id"] ?? .null], in: platform.tables.photos, change)
        }
    }
}
