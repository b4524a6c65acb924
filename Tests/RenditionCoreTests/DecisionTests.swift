import RenditionCore
import Testing

/// Random numbers that repeat.
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    /// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite("What the worker decides")
struct DecisionTests {
    private static func error(retriable: Bool = true, stage: RenditionError.Stage = .render) -> RenditionError {
        RenditionError(code: "x", stage: stage, retriable: retriable, message: "m")
    }

    private func decide(_ outcome: JobOutcome, attempts: Int, after last: String? = nil) -> Settlement {
        var random = SeededGenerator(1)
        return Settlement.decide(
            outcome, attempts: attempts, maxAttempts: 5, lastFailure: last, backoff: .retry, using: &random)
    }

    @Test func aFailureIsTriedAgainUntilTheFifthClaim() {
        for attempts in 1...4 {
            guard case .fail(Self.error(), _) = decide(.retry(Self.error()), attempts: attempts) else {
                Issue.record("attempt \(attempts) was not tried again")
                continue
            }
        }
        guard case .dead(let last) = decide(.retry(Self.error()), attempts: 5) else {
            Issue.record("the fifth failure must be the last")
            return
        }
        #expect(!last.retriable)
        #expect(last.message == "m")
    }

    @Test func whatCanNeverWorkIsGivenUpAtOnce() {
        #expect(decide(.reject(Self.error(retriable: false)), attempts: 1) == .dead(Self.error(retriable: false)))
    }

    @Test func anOutageBurnsNoAttempt() {
        for attempts in 1...9 {
            guard case .release = decide(.retry(Self.error(stage: .store)), attempts: attempts) else {
                Issue.record("attempt \(attempts) must be handed back")
                continue
            }
        }
    }

    @Test func aPhotoThatEndsItsRenderProcessTwiceIsPoison() {
        let died = RenditionError(
            code: RenditionError.rendererDiedCode, stage: .render, retriable: true, message: "m", detail: "SIGSEGV")
        for other in [nil, "original_missing"] {
            guard case .fail = decide(.retry(died), attempts: 2, after: other) else {
                Issue.record("the first death after \(other ?? "nothing") must be tried again")
                continue
            }
        }
        guard case .dead(let last) = decide(.retry(died), attempts: 2, after: died.code) else {
            Issue.record("the second death must be the last")
            return
        }
        #expect(last.code == "poison")
        #expect(last.detail == "SIGSEGV")
        guard case .fail = decide(.retry(Self.error()), attempts: 3, after: died.code) else {
            Issue.record("another failure is no death")
            return
        }
    }

    @Test func theRestIsPassedOn() {
        #expect(decide(.done(recipe: "r"), attempts: 5) == .finish(recipe: "r"))
        #expect(decide(.release(reason: "s"), attempts: 5) == .release(reason: "s"))
    }

    @Test func waitsDoubleUpToTheirCap() {
        var random = SeededGenerator(2)
        let exact = Backoff(base: .seconds(2), cap: .seconds(900), jitter: 0)
        let waits = (1...12).map { exact.delay(after: $0, using: &random).seconds }
        #expect(waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900])
        #expect(exact.delay(after: 10_000, using: &random) == .seconds(900))
    }

    @Test func waitsSpreadByTheirJitter() {
        var random = SeededGenerator(3)
        let waits = (0..<500).map { _ in Backoff.retry.delay(after: 1, using: &random).seconds }
        #expect(waits.allSatisfy { (1.0...3.0).contains($0) })
        #expect(waits.min() ?? 9 < 1.2 && waits.max() ?? 0 > 2.8)
    }

    @Test func theBreakerWaitsLongerWithEachFailureAndForgetsThemAll() {
        var random = SeededGenerator(4)
        var breaker = Breaker(backoff: Backoff(base: .seconds(1), cap: .seconds(30), jitter: 0))
        #expect((0..<7).map { _ in breaker.failed(using: &random).seconds } == [1, 2, 4, 8, 16, 30, 30])
        breaker.succeeded()
        #expect(!breaker.isOpen)
        #expect(breaker.failed(using: &random) == .seconds(1))
    }

    @Test func aGalleryOwnsFourShardsAndNoMore() {
        for gallery in ["g", "wedding-42", "é"] {
            let shards = Set((0..<500).map { Lane.shard(galleryID: gallery, photoID: "p\($0)") })
            #expect(shards.count == 4)
            #expect(shards.allSatisfy { (0..<16).contains($0) })
        }
        let all = Set((0..<500).map { Lane.shard(galleryID: "g\($0)", photoID: "p") })
        #expect(all.count == 16)
    }

    @Test func everyPollLooksIntoEveryLaneAndUsuallyInOrder() {
        var random = SeededGenerator(5)
        let expected = Array(Lane.expedite) + Array(Lane.fresh) + Array(Lane.batch)
        var ordered = 0
        for _ in 0..<800 {
            let order = Lane.pollOrder(using: &random)
            #expect(order.sorted() == expected)
            if order.map({ $0 / 1000 }) == expected.map({ $0 / 1000 }) { ordered += 1 }
        }
        #expect((650...750).contains(ordered), "about seven of eight polls keep the order, not \(ordered) of 800")
    }
}
