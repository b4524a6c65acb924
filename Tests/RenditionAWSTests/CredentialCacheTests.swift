import Foundation
import Logging
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Synchronization
import Testing

/// Hands out numbered credentials, or fails, and counts how often it was asked.
private final class CountingProvider: CredentialProvider {
    private struct State {
        var asked = 0
        var isOut = false
        var isHeld = false
    }

    private let state = Mutex(State())
    private let clock: ManualClock
    private let lifetime: Duration?

    init(_ clock: ManualClock, lifetime: Duration? = .seconds(3600)) {
        self.clock = clock
        self.lifetime = lifetime
    }

    var source: String { "a counter" }
    var asked: Int { state.withLock { $0.asked } }
    func setOut(_ isOut: Bool) { state.withLock { $0.isOut = isOut } }
    /// While it is held it gives no answer.
    func setHeld(_ isHeld: Bool) { state.withLock { $0.isHeld = isHeld } }

    func credentials() async throws -> Credentials? {
        let (number, isOut) = state.withLock { state in
            state.asked += 1
            return (state.asked, state.isOut)
        }
        while state.withLock({ $0.isHeld }) { try await Task.sleep(for: .milliseconds(1)) }
        if isOut { throw CredentialError("out") }
        let expiration = lifetime.map { clock.date.addingTimeInterval(Double($0.components.seconds)) }
        return Credentials(accessKeyID: "A\(number)", secretAccessKey: "s3cret", expiration: expiration)
    }
}

extension ManualClock {
    fileprivate var date: Date { Date(timeIntervalSince1970: Double(now.milliseconds) / 1000) }
}

@Suite("The cache of credentials", .timeLimit(.minutes(1)))
struct CredentialCacheTests {
    private let clock = ManualClock()

    private func cache(_ provider: CountingProvider, _ logger: Logger? = nil) -> CredentialCache {
        let clock = clock
        return CredentialCache(CredentialChain([provider]), logger: logger) { clock.date }
    }

    private func key(_ cache: CredentialCache) async throws -> String {
        try await cache.current().0.accessKeyID
    }

    private func until(_ condition: () async throws -> Bool) async throws {
        while try await !condition() { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test func theyAreFetchedOnceWhileTheyLast() async throws {
        let provider = CountingProvider(clock)
        let cache = cache(provider)
        let (first, source) = try await cache.current()
        #expect((first.accessKeyID, source) == ("A1", "a counter"))
        clock.advance(by: .seconds(3299))
        #expect(try await key(cache) == "A1")
        #expect(provider.asked == 1)
    }

    @Test func whatNeverExpiresIsKept() async throws {
        let provider = CountingProvider(clock, lifetime: nil)
        let cache = cache(provider)
        _ = try await key(cache)
        clock.advance(by: .seconds(1_000_000))
        #expect(try await key(cache) == "A1")
        #expect(provider.asked == 1)
    }

    @Test func fiveMinutesBeforeTheirEndNewOnesAreFetchedBehindTheCallersBack() async throws {
        let provider = CountingProvider(clock)
        let cache = cache(provider)
        _ = try await key(cache)
        provider.setHeld(true)
        clock.advance(by: .seconds(3300))
        #expect(try await key(cache) == "A1", "the old ones last, and nobody waits")
        provider.setHeld(false)
        try await until { try await key(cache) == "A2" }
        #expect(provider.asked == 2)
    }

    @Test func inTheirLastMinuteCallersWaitForNewOnes() async throws {
        let cache = cache(CountingProvider(clock))
        _ = try await key(cache)
        clock.advance(by: .seconds(3540))
        #expect(try await key(cache) == "A2")
    }

    @Test func concurrentCallersShareOneRefresh() async throws {
        let provider = CountingProvider(clock)
        provider.setHeld(true)
        let cache = cache(provider)
        let callers = (0..<50).map { _ in Task { try await key(cache) } }
        try await until { provider.asked > 0 }
        try await Task.sleep(for: .milliseconds(50))
        provider.setHeld(false)
        for caller in callers { #expect(try await caller.value == "A1") }
        #expect(provider.asked == 1)
    }

    @Test func aCancelledCallerLeavesTheOthersTheRefresh() async throws {
        let provider = CountingProvider(clock)
        provider.setHeld(true)
        let cache = cache(provider)
        let (first, second) = (Task { try await key(cache) }, Task { try await key(cache) })
        try await until { provider.asked > 0 }
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        provider.setHeld(false)
        #expect(try await second.value == "A1")
    }

    @Test func whenARefreshFailsTheOldOnesAreKeptWhileTheyLast() async throws {
        let provider = CountingProvider(clock)
        let cache = cache(provider)
        _ = try await key(cache)
        provider.setOut(true)
        clock.advance(by: .seconds(3570))
        #expect(try await key(cache) == "A1")
        clock.advance(by: .seconds(30))
        await #expect(throws: CredentialError("out")) { try await cache.current() }
        provider.setOut(false)
        #expect(try await key(cache) == "A4")
    }

    @Test func theOperatorHearsOfAFailedRefresh() async throws {
        let (provider, memory) = (CountingProvider(clock), LogMemory())
        let cache = cache(provider, memory.logger)
        _ = try await key(cache)
        provider.setOut(true)
        clock.advance(by: .seconds(3541))
        _ = try await key(cache)
        #expect(
            memory.lines.withLock { $0 } == [
                "warning: new credentials can't be had; the old ones are kept while they last: out"
            ])
    }

    @Test func aFailedRefreshIsTriedAgainAfterHalfAMinute() async throws {
        let provider = CountingProvider(clock)
        let cache = cache(provider)
        _ = try await key(cache)
        provider.setOut(true)
        clock.advance(by: .seconds(3541))
        for _ in 0..<5 { _ = try await key(cache) }
        #expect(provider.asked == 2)
        clock.advance(by: .seconds(29))
        _ = try await key(cache)
        #expect(provider.asked == 2)
        clock.advance(by: .seconds(1))
        _ = try await key(cache)
        #expect(provider.asked == 3)
    }

    @Test func withoutOldOnesTheErrorComesThroughAndTheNextCallTriesAgain() async throws {
        let provider = CountingProvider(clock)
        let cache = cache(provider)
        provider.setOut(true)
        await #expect(throws: CredentialError("out")) { try await cache.current() }
        provider.setOut(false)
        #expect(try await key(cache) == "A2")
    }

    @Test func whatHasExpiredAlreadyIsAnError() async throws {
        let cache = cache(CountingProvider(clock, lifetime: .zero))
        let error = await #expect(throws: CredentialError.self) { try await cache.current() }
        #expect(
            error?.description
                == "The credentials of a counter have expired already. Renew them, and check this machine's clock.")
    }

    @Test func whatAServiceCallsExpiredIsFetchedAnew() async throws {
        let cache = cache(CountingProvider(clock))
        _ = try await key(cache)
        await cache.invalidate()
        #expect(try await key(cache) == "A2")
    }

    @Test func aLateRejectionOfOldOnesLeavesTheNewOnes() async throws {
        let cache = cache(CountingProvider(clock))
        let (old, _) = try await cache.current()
        await cache.invalidate(old)
        #expect(try await key(cache) == "A2")
        await cache.invalidate(old)
        #expect(try await key(cache) == "A2")
    }

    @Test func whatWasRejectedIsNotKeptWhenTheRefreshFails() async throws {
        let provider = CountingProvider(clock)
        let cache = cache(provider)
        _ = try await key(cache)
        provider.setOut(true)
        await cache.invalidate()
        await #expect(throws: CredentialError("out")) { try await cache.current() }
    }
}
