import Foundation
import RenditionCore
import RenditionTestKit
import Testing

/// Negative controls: with one safeguard switched off, the checker finds what goes wrong; with all in force the same
/// schedule goes well.
@Suite("The chaos suite's negative controls", .serialized, .timeLimit(.minutes(10)))
struct ChaosControlTests {
    private let folder = TestFolder()
    private let truth: ChaosTruth

    init() throws { truth = try ChaosTruth() }

    /// Plays a schedule with all safeguards and, at the same time and on a store of its own, without the one.
    private func check(
        _ safeguard: Safeguard, _ store: ChaosStore, finds invariant: ChaosChecker.Invariant,
        _ play: @escaping @Sendable (ChaosScene, _ settings: [String: String]) async throws -> [ChaosWorker]
    ) async throws {
        @Sendable func violations(_ settings: [String: String]) async throws -> [ChaosChecker.Violation] {
            let scene = ChaosScene(try await store.target(in: folder), truth)
            let settings = settings.merging(["RENDITIONS_LEASE_SECONDS": "3", "RENDITIONS_THREADS": "1"]) { $1 }
            let workers = try await play(scene, settings)
            try await scene.settle()
            await scene.look()
            let violations = try await scene.judge(workers).violations
            await scene.target.close()
            return violations
        }
        async let safe = violations([:])
        async let unsafe = violations(["CHAOS_UNSAFE": safeguard.rawValue])
        #expect(try await safe == [])
        let found = try await unsafe
        #expect(found.contains { $0.invariant == invariant }, "\(found)")
    }

    /// A write is on its way, and its worker asleep, until the photo has been another's; then the write arrives.
    @Test func withoutTheFence() async throws {
        try await check(.s3Fence, .dynamoDBAndS3, finds: .fence) { scene, settings in
            let target = try #require(scene.target as? AWSTarget)
            let sleeper = try await ChaosWorker(scene, settings)
            let (held, isHeld) = (Valve(), Tally())
            held.close()
            try #require(sleeper.proxy).onRequest { [platform = target.platform, weak sleeper] seen in
                guard WorkerStep(seen, on: platform) == .renditionPut, isHeld.add() == 1 else { return .pass }
                sleeper?.signal(SIGSTOP)
                return .hold { await held.pass() }
            }
            let photo = ChaosBook.Photo("sleeper", of: "u", "orientation-1.jpg")
            try await scene.upload(photo)
            try await sleeper.stands(noting: scene.book)
            try await scene.overwrite(photo, with: "tiny.jpg")
            let heir = try await ChaosWorker(scene, settings)
            try await scene.settle()
            await scene.look()
            held.open()
            sleeper.signal(SIGCONT)
            try await eventually("it sees that the photo isn't its own any more") {
                sleeper.current.errors.contains("Left to whoever holds it now.")
            }
            return [sleeper, heir]
        }
    }

    /// The original is replaced when the worker has done all but tell the queue so.
    @Test(arguments: ChaosStore.allCases) func withoutTheGenerations(_ store: ChaosStore) async throws {
        try await check(.genCheck, store, finds: .bytes) { scene, settings in
            let photo = ChaosBook.Photo("kicked", of: "u", "orientation-1.jpg")
            let patient = ["CHAOS_STOP_AT": "commit", "RENDITIONS_LEASE_SECONDS": "60"]
            let worker = try await ChaosWorker(scene, settings.merging(patient) { $1 })
            try await scene.upload(photo)
            try await worker.stands(noting: scene.book)
            try await scene.overwrite(photo, with: "tiny.jpg")
            #expect(try await scene.hook([photo.key]).wait().status == 0)
            worker.signal(SIGCONT)
            return [worker]
        }
    }

    /// The answer to a claim is lost, and the client asks again.
    @Test func withoutReadingWhatARefusalTells() async throws {
        try await check(.allOld, .dynamoDBAndS3, finds: .blame) { scene, settings in
            let worker = try await ChaosWorker(scene, settings)
            let target = try #require(scene.target as? AWSTarget)
            let thief = ReplyThief(try #require(worker.proxy), target.platform, .claim)
            try await scene.upload(ChaosBook.Photo("claimed", of: "u", "orientation-1.jpg"))
            try await eventually("the answer is lost") { thief.lost == 1 }
            scene.book.note(.replyLost, worker.name)
            return [worker]
        }
    }

    /// A worker whose clock is five minutes ahead finds every lease expired.
    @Test func withoutTheStoresTime() async throws {
        let clock = try await WrongClock()
        try await check(.serverTime, .dynamoDBAndS3, finds: .blame) { scene, settings in
            let target = try #require(scene.target as? AWSTarget)
            let right = try await ChaosWorker(scene, settings)
            let (held, isHeld) = (Valve(), Tally())
            held.close()
            try #require(right.proxy).onRequest { [platform = target.platform] seen in
                guard WorkerStep(seen, on: platform) == .originalGet, isHeld.add() == 1 else { return .pass }
                return .hold { await held.pass() }
            }
            let photo = ChaosBook.Photo("held", of: "u", "orientation-1.jpg")
            try await scene.upload(photo)
            try await eventually("it is in hand") { isHeld.count > 0 }
            let wrong = try await ChaosWorker(scene, settings.merging(clock.by(300)) { $1 })
            scene.book.note(.clock, wrong.name)
            // Its work shows that it is there; then it is given the time of two leases.
            let other = ChaosBook.Photo("other", of: "u", "tiny.jpg")
            try await scene.upload(other)
            let queue = scene.target.store.queue
            try await eventually("the other is rendered") { try await queue.job(other.id)?.state == .done }
            let claimed = try #require(try await queue.history(photo.id).last { $0.kind == .claimed }).at
            try await eventually("it is taken, or kept for long") {
                guard let job = try await queue.job(photo.id), job.state == .leased, job.fence == 1 else { return true }
                return job.dueAt.map { $0 > claimed + .seconds(9) } ?? true
            }
            held.open()
            return [right, wrong]
        }
    }
}
