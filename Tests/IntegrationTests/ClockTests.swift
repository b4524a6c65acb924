import Foundation
import RenditionCore
import RenditionTestKit
import Testing

/// A worker on a machine whose clock is wrong.
@Suite("Wrong clocks", .serialized, .timeLimit(.minutes(5)))
struct ClockTests {
    @Test(arguments: [300, -300])
    func aWrongClockTakesNothingFromAnother(_ offset: Int) async throws {
        let clock = try await WrongClock()
        let seconds = Double(try await Command.run("date", ["+%s"], environment: clock.by(offset)).output.dropLast())
        try #require(abs(try #require(seconds) - Date().timeIntervalSince1970 - Double(offset)) < 5)
        let stage = try await Stage()
        let (proxy, held, isHeld) = (try await stage.proxy(), Valve(), Tally())
        held.close()
        // One photo stays in the hands of a worker whose clock is right, longer than a lease lasts.
        proxy.onRequest { [platform = stage.platform] seen in
            guard WorkerStep(seen, on: platform) == .originalGet, isHeld.add() == 1 else { return .pass }
            return .hold { await held.pass() }
        }
        let right = try stage.worker(through: proxy, ["RENDITIONS_LEASE_SECONDS": "6"])
        let first = try await stage.upload("orientation-1.jpg")
        try await eventually("it is in hand") { isHeld.count > 0 }

        let wrong = try stage.worker([], clock.by(offset).merging(["RENDITIONS_LEASE_SECONDS": "6"]) { $1 })
        try await eventually("the other worker is there") { wrong.errors.contains("renders") }
        let began = Date()
        let others = [try await stage.upload("tiny.jpg"), try await stage.upload("orientation-3.jpg")]
        for id in others { try await eventually("it is rendered") { try await stage.isRendered(id) } }
        // Two renewals and a sweep later it is still the first worker's.
        let due = try await stage.showing(first).job["due_at"]?.integer ?? 0
        try await eventually("a lease's time has passed") {
            try await stage.showing(first).job["due_at"]?.integer ?? 0 > due + 7000
        }
        #expect(try await stage.showing(first).fence == 1)
        held.open()
        try await eventually("it is rendered") { try await stage.isRendered(first) }
        for worker in [right, wrong] { worker.signal(SIGTERM) }
        var done: [String] = []
        for worker in [right, wrong] {
            done += try Renditions.reports(try await worker.wait().output).compactMap { $0["photo"] as? String }
        }
        #expect(done.sorted() == (others + [first]).sorted())
        for id in others + [first] {
            let photo = try await stage.showing(id)
            let at = try #require(photo.record["processed_at"].flatMap(Timestamp.init(iso8601:))).date
            #expect(at > began - 3 && at < Date() + 3)
            #expect(photo.flaws == [])
        }
    }
}
