import Foundation
import RenditionCore
import Testing

@Suite("The doorbell", .timeLimit(.minutes(1)))
struct DoorbellTests {
    private let store = UUID().uuidString

    /// Whoever listens, and a bell that tells that it heard.
    private func listener(_ store: String) -> (Doorbell.Listener?, Bell) {
        let heard = Bell()
        return (Doorbell(store: store).listen { heard.ring() }, heard)
    }

    @Test func wakesAllWhoListen() async throws {
        let listeners = (0..<3).map { _ in listener(store) }
        Doorbell(store: store).ring()
        for (listener, heard) in listeners {
            #expect(listener != nil)
            await heard.wait(atMost: .seconds(3600))
        }
    }

    @Test func isHeardByThoseOfItsStoreOnly() async {
        let (mine, heard) = listener(store)
        let (other, heardElsewhere) = listener("another \(store)")
        let began = ContinuousClock.now
        Doorbell(store: store).ring()
        await heard.wait(atMost: .seconds(3600))
        await heardElsewhere.wait(atMost: .milliseconds(50))
        #expect(ContinuousClock.now - began >= .milliseconds(50))
        withExtendedLifetime((mine, other)) {}
    }

    @Test func aPlaceIsFreeAgainWhenItsListenerIsGone() async throws {
        for _ in 0..<200 {
            // It is free when Dispatch has heard of it.
            var heard = listener(store).0
            for _ in 0..<100 where heard == nil {
                try await Task.sleep(for: .milliseconds(50))
                heard = listener(store).0
            }
            _ = try #require(heard)
        }
    }

    @Test func nobodyNeedsToListen() { Doorbell(store: store).ring() }
}
