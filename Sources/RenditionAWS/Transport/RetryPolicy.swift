import RenditionCore
import Synchronization

/// How failed requests are tried again: AWS's standard mode.
///
/// Exponential back-off with full jitter, from 25 ms for DynamoDB and 50 ms for others, from 1 s where the service asks
/// for patience, up to 20 s. Source: AWS SDKs and Tools Reference Guide, "Retry behavior".
package struct RetryPolicy: Sendable {
    /// Requests in all, the first included; 1 turns retries off.
    package var maxAttempts: Int
    package var base: Duration
    package var throttledBase: Duration
    package var cap: Duration

    package init(
        maxAttempts: Int = 3, base: Duration = .milliseconds(50), throttledBase: Duration = .seconds(1),
        cap: Duration = .seconds(20)
    ) {
        self.maxAttempts = maxAttempts
        self.base = base
        self.throttledBase = throttledBase
        self.cap = cap
    }

    /// - Parameter attempt: The attempt that failed, from 1.
    func delay(after attempt: Int, _ kind: AWSFailure.Kind) -> Duration {
        let base = kind == .throttled ? throttledBase : base
        return min(cap, base * (1 << min(attempt - 1, 20))) * Double.random(in: 0...1)
    }
}

/// Stops a client from multiplying the load on a service that is failing: retries take tokens, successes give them back.
///
/// A bucket of 500; a retry takes 5, one after a time-out 10, and gives that back when it succeeds; a request that
/// succeeds at once gives 1. Any thread may use it.
package final class RetryBucket: Sendable {
    private let capacity: Int
    private let tokens: Mutex<Int>

    package init(capacity: Int = 500) {
        self.capacity = capacity
        tokens = Mutex(capacity)
    }

    package var available: Int { tokens.withLock { $0 } }

    /// - Returns: false where there are too few.
    func take(_ cost: Int) -> Bool {
        tokens.withLock { tokens in
            guard tokens >= cost else { return false }
            tokens -= cost
            return true
        }
    }

    func giveBack(_ amount: Int) { tokens.withLock { $0 = min(capacity, $0 + amount) } }
}
