import Foundation
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

/// What one worker does for all of them.
@Suite("Housekeeping", .timeLimit(.minutes(2)))
struct HousekeepingTests {
    private static let lease = Duration.seconds(30)

    @Test func anIndexThatCantBeReadKeepsNobodyFromTheQueue() async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        let proxy = try await FaultProxy.start(upstream: platform.emulator.endpoint)
        proxy.onRequest { seen in
            seen.target == "Query" && seen.body.contains("StatusIndex") ? .dynamo(400, "AccessDeniedException") : .pass
        }
        let clock = ManualClock()
        let setup = try await platform.open()
        let store = try await platform.open(endpoint: proxy.endpoint, clock: clock, settingUp: false)
        _ = try await store.queue.adopt(PhotoRef(id: "a", galleryID: "g"), lane: .fresh)
        _ = try await store.queue.claim(upTo: 1, owner: "dies", lease: Self.lease)
        clock.advance(by: Self.lease)
        let tended = try await store.tend()
        #expect(tended == Tended(recovered: 1, found: 0))
        #expect(try await store.queue.claim(upTo: 1, owner: "w", lease: Self.lease).count == 1)
        for open in [setup, store] { await open.close() }
        await proxy.stop()
        await platform.close()
    }

    @Test(arguments: ["2099-01-01T00:00:00.000Z", "yesterday", "2001-01-01T00:00:00Z"])
    func anOddDateHidesNobodyElsesPhoto(_ date: String) async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        let store = try await platform.open()
        try await platform.upload([1], as: "odd.jpg", attributes: ["created_at": .string(date)])
        while try await store.queue.depth().due < 1 { _ = try await store.tend() }
        let id = try await platform.upload([1], as: "plain.jpg")
        // Well before the next full look, which would find it in any case.
        let end = ContinuousClock.now + .seconds(30)
        while try await store.queue.job(id) == nil, ContinuousClock.now < end { _ = try await store.tend() }
        #expect(try await store.queue.job(id) != nil)
        await store.close()
        await platform.close()
    }

    @Test func whoKeepsHouseMayFallSilentWithItsPhotos() async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        let clock = ManualClock()
        let silent = try await platform.open(owner: "silent", clock: clock, officeLease: .seconds(3600))
        let other = try await platform.open(owner: "other", clock: clock, settingUp: false)
        _ = try await silent.tend()
        _ = try await silent.queue.adopt(PhotoRef(id: "a", galleryID: "g"), lane: .fresh)
        #expect(try await silent.queue.claim(upTo: 1, owner: "silent", lease: Self.lease).count == 1)
        // It looks for work and finds none; the office is taken for an hour.
        #expect(try await other.queue.claim(upTo: 1, owner: "other", lease: Self.lease).isEmpty)
        #expect(try await other.tend().recovered == 0)
        clock.advance(by: Self.lease + .seconds(2))
        #expect(try await other.tend().recovered == 1)
        #expect(try await other.queue.claim(upTo: 1, owner: "other", lease: Self.lease).count == 1)
        for store in [silent, other] { await store.close() }
        await platform.close()
    }

    /// More than a page of owed work, so that the leased lanes are looked at by themselves.
    @Test func aSweepBesideALongQueueTakesBackWhatRanOut() async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        let clock = ManualClock()
        let store = try await platform.open(clock: clock)
        let queue = store.queue
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<560 {
                group.addTask { _ = try await queue.adopt(PhotoRef(id: "p\(index)", galleryID: "g"), lane: .fresh) }
            }
            try await group.waitForAll()
        }
        let leases = try await queue.claim(upTo: 3, owner: "dies", lease: Self.lease)
        #expect(leases.count == 3)
        for seconds in [0, 14, 15] {
            clock.advance(by: .seconds(seconds))
            #expect(try await queue.reap() == 0)
        }
        #expect(try await queue.renew(leases[0], for: Self.lease))
        clock.advance(by: .seconds(1))
        #expect(try await queue.reap() == 2)
        clock.advance(by: .seconds(29))
        #expect(try await queue.reap() == 1)
        await store.close()
        await platform.close()
    }
}
