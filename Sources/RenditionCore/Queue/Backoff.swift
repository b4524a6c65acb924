/// How long to wait before trying again: doubling from a base to a cap, with jitter.
package struct Backoff: Sendable, Hashable {
    package var base: Duration
    package var cap: Duration
    /// The share by which a wait may fall short or exceed, 0–1.
    package var jitter: Double

    package init(base: Duration, cap: Duration, jitter: Double) {
        self.base = base
        self.cap = cap
        self.jitter = jitter
    }

    /// Between two attempts at a photo: min(900 s, 2 s · 2ⁿ) ± 50 %.
    package static let retry = Backoff(base: .seconds(2), cap: .seconds(900), jitter: 0.5)
    /// While the store doesn't answer.
    package static let outage = Backoff(base: .milliseconds(500), cap: .seconds(30), jitter: 0.5)

    /// The wait after `failures` failures in a row, counted from 1.
    package func delay(after failures: Int, using random: inout some RandomNumberGenerator) -> Duration {
        let doubled = base * (1 << min(max(failures - 1, 0), 30))
        return min(cap, doubled) * Double.random(in: (1 - jitter)...(1 + jitter), using: &random)
    }

    package func delay(after failures: Int) -> Duration {
        var random = SystemRandomNumberGenerator()
        return delay(after: failures, using: &random)
    }
}
