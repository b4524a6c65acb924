import Foundation
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Synchronization
import Testing

/// What a queue operation looked at may have changed before it writes. Its condition must notice, also where only one of
/// the attributes that it names has changed.
@Suite("A queue operation on what has changed meanwhile", .timeLimit(.minutes(5)))
struct QueueRaceTests {
    /// Two stores on one queue, with a clock that stands still; the late one's writes can be held on their way.
    private final class Race: Sendable {
        let store: AWSStore
        let late: AWSStore
        let clock: ManualClock
        private let proxy: FaultProxy
        private let platform: AWSPlatform
        private let held = Valve()
        private let reached = Mutex(false)

        static func make() async throws -> Race {
            let platform = try await AWSPlatform.make(on: try await Emulator.shared())
            let clock = ManualClock()
            let proxy = try await FaultProxy.start(upstream: platform.emulator.endpoint)
            return Race(
                platform, proxy, clock, try await platform.open(owner: "quick", clock: clock),
                try await platform.open(
                    endpoint: proxy.endpoint, owner: "late", clock: clock, officeLease: .seconds(6), settingUp: false))
        }

        private init(
            _ platform: AWSPlatform, _ proxy: FaultProxy, _ clock: ManualClock, _ store: AWSStore, _ late: AWSStore
        ) {
            (self.platform, self.proxy, self.clock, self.store, self.late) = (platform, proxy, clock, store, late)
        }

        /// Runs an operation of the late store whose first write is held until the change was made.
        func whileHeld<Result: Sendable>(
            _ operation: @escaping @Sendable (AWSStore) async throws -> Result,
            change: (AWSStore) async throws -> Void
        ) async throws -> Result {
            held.close()
            let used = Mutex(false)
            proxy.onRequest { [self] seen in
                guard seen.target == "UpdateItem",
                    !used.withLock({ used in
                        defer { used = true }; return used
                    })
                else {
                    return .pass
                }
                reached.withLock { $0 = true }
                return .hold { await self.held.pass() }
            }
            async let result = operation(late)
            while !reached.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(2)) }
            try await change(store)
            held.open()
            return try await result
        }

        func answerFirstWrite(_ status: Int, _ body: String) {
            let used = Mutex(false)
            proxy.onRequest { seen in
                guard seen.target == "UpdateItem",
                    !used.withLock({ used in
                        defer { used = true }; return used
                    })
                else {
                    return .pass
                }
                return .answer(status: status, headers: ["content-type": "application/x-amz-json-1.0"], body: body)
            }
        }

        /// Carries out the late store's writes, or doesn't, but answers none.
        func dropReplies(_ drops: Bool) {
            proxy.onRequest { seen in drops && seen.target == "UpdateItem" ? .dropReply : .pass }
        }

        /// Who keeps house.
        func housekeeper() async throws -> String? {
            try await platform.dynamo.get(["id": .string("~housekeeper")], from: platform.tables.jobs)?["owner"]?.string
        }

        func close() async {
            await late.close()
            await store.close()
            await platform.close()
            await proxy.stop()
        }
    }

    private static let lease = Duration.seconds(30)
    private static let photo = PhotoRef(id: "a", galleryID: "g")
    private static let error = RenditionError(code: "test", stage: .render, retriable: true, message: "For the test.")

    private static func claimOne(_ queue: any JobQueue) async throws -> Lease {
        try #require(try await queue.claim(upTo: 1, owner: "quick", lease: lease).first)
    }

    private static let claim: @Sendable (any JobQueue) async throws -> [Lease] = { queue in
        try await queue.claim(upTo: 1, owner: "late", lease: lease)
    }

    @Test func aClaimTakesNoDeadLetter() async throws {
        let race = try await Race.make()
        _ = try await race.store.queue.adopt(Self.photo, lane: .fresh)
        // Buried in the same millisecond in which it was due, so that only its lane differs.
        let claimed = try await race.whileHeld({ try await Self.claim($0.queue) }) { store in
            let queue = store.queue
            // What is due at once is due a second ago.
            race.clock.advance(by: .seconds(-1))
            _ = try await queue.bury(try await Self.claimOne(queue), error: Self.error)
        }
        #expect(claimed.isEmpty)
        #expect(try await race.store.queue.job("a")?.state == .dead)
        await race.close()
    }

    @Test func aClaimRespectsADelay() async throws {
        let race = try await Race.make()
        _ = try await race.store.queue.adopt(Self.photo, lane: .fresh)
        // Back in the same lane, so that only the time differs.
        let claimed = try await race.whileHeld({ try await Self.claim($0.queue) }) { store in
            let queue = store.queue
            _ = try await queue.fail(try await Self.claimOne(queue), error: Self.error, retryAfter: .seconds(8))
        }
        #expect(claimed.isEmpty)
        #expect(try await race.store.queue.job("a")?.attempts == 1)
        await race.close()
    }

    @Test func aSweepLeavesARenewedLease() async throws {
        let race = try await Race.make()
        _ = try await race.store.queue.adopt(Self.photo, lane: .fresh)
        let lease = try await Self.claimOne(race.store.queue)
        race.clock.advance(by: Self.lease)
        let swept = try await race.whileHeld(
            { try await $0.queue.reap() },
            change: { store in
                let queue = store.queue
                _ = try await queue.renew(lease, for: Self.lease)
            })
        #expect(swept == 0)
        #expect(try await race.store.queue.finish(lease, recipe: "r") == .done)
        await race.close()
    }

    @Test func aSweepLeavesWhatIsLeasedNoMore() async throws {
        let race = try await Race.make()
        _ = try await race.store.queue.adopt(Self.photo, lane: .fresh)
        let lease = try await Self.claimOne(race.store.queue)
        race.clock.advance(by: Self.lease)
        // Due again in the very millisecond in which the lease ran out, so that only the lane differs.
        let swept = try await race.whileHeld(
            { try await $0.queue.reap() },
            change: { store in
                let queue = store.queue
                _ = try await queue.fail(lease, error: Self.error, retryAfter: .zero)
            })
        #expect(swept == 0)
        await race.close()
    }

    @Test func aRedriveLeavesWhatHasSucceededMeanwhile() async throws {
        let race = try await Race.make()
        _ = try await race.store.queue.adopt(Self.photo, lane: .fresh)
        _ = try await race.store.queue.bury(try await Self.claimOne(race.store.queue), error: Self.error)
        let redriven = try await race.whileHeld(
            { try await $0.queue.redrive("a", after: .zero) },
            change: { store in
                let queue = store.queue
                _ = try await queue.redrive("a", after: .zero)
                _ = try await queue.finish(try await Self.claimOne(queue), recipe: "r")
            })
        #expect(!redriven)
        #expect(try await race.store.queue.job("a")?.state == .done)
        await race.close()
    }

    @Test func aKickDuringALeaseThatJustEndedIsNotLost() async throws {
        let race = try await Race.make()
        _ = try await race.store.queue.adopt(Self.photo, lane: .fresh)
        _ = try await race.store.queue.finish(try await Self.claimOne(race.store.queue), recipe: "r")
        // The first write finds a lease, which has ended before the second.
        race.answerFirstWrite(
            400,
            #"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"no"}"#)
        try await race.late.queue.enqueue(Self.photo, lane: .fresh)
        #expect(try await race.store.queue.depth().due == 1)
        await race.close()
    }

    @Test func aClaimThatNobodyHeardOfIsTakenUpAgain() async throws {
        let race = try await Race.make()
        _ = try await race.store.queue.adopt(Self.photo, lane: .fresh)
        race.dropReplies(true)
        await #expect(throws: RenditionError.self) { try await Self.claim(race.late.queue) }
        race.dropReplies(false)
        let lease = try #require(try await Self.claim(race.late.queue).first)
        #expect((lease.attempts, lease.fence) == (1, 1))
        #expect(try await race.late.queue.finish(lease, recipe: "r") == .done)
        await race.close()
    }

    @Test func anEndThatNobodyHeardOfIsKnownTheNextTime() async throws {
        let race = try await Race.make()
        _ = try await race.store.queue.adopt(Self.photo, lane: .fresh)
        let lease = try #require(try await Self.claim(race.late.queue).first)
        race.dropReplies(true)
        await #expect(throws: RenditionError.self) { try await race.late.queue.finish(lease, recipe: "r") }
        race.dropReplies(false)
        #expect(try await race.late.queue.finish(lease, recipe: "r") == .done)
        // Once it is known, the lease is over for good.
        #expect(try await race.late.queue.finish(lease, recipe: "other") == .lost)
        await race.close()
    }

    @Test func aLateRenewalTakesTheOfficeFromNobody() async throws {
        let race = try await Race.make()
        _ = try await race.late.tend()
        // A third of its lease of 6 s: then it is renewed.
        try await Task.sleep(for: .milliseconds(2100))
        _ = try await race.whileHeld(
            { try await $0.tend() },
            change: { store in
                race.clock.advance(by: .seconds(6))
                _ = try await store.tend()
            })
        #expect(try await race.housekeeper() == "quick")
        await race.close()
    }

    @Test func twoThatSeeTheOfficeFreeDoNotBothTakeIt() async throws {
        let race = try await Race.make()
        _ = try await race.whileHeld(
            { try await $0.tend() },
            change: { store in
                _ = try await store.tend()
            })
        #expect(try await race.housekeeper() == "quick")
        await race.close()
    }
}
