/// Stops claiming while the store is unable, so that an outage costs no photo an attempt.
///
/// A value: it is told what happened and says how long to pause.
package struct Breaker: Sendable, Hashable {
    /// Failures of the store in a row.
    package private(set) var failures = 0
    private let backoff: Backoff

    package init(backoff: Backoff = .outage) { self.backoff = backoff }

    package var isOpen: Bool { failures > 0 }

    /// The store answered.
    package mutating func succeeded() { failures = 0 }

    /// The store failed.
    ///
    /// - Returns: How long to leave it alone.
    package mutating func failed(using random: inout some RandomNumberGenerator) -> Duration {
        failures += 1
        return backoff.delay(after: failures, using: &random)
    }
}
