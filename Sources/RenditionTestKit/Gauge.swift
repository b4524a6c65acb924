import Synchronization

/// Adds up something that tasks take and give back, and remembers the most there was at once.
package final class Gauge: Sendable {
    private let state = Mutex((now: 0, peak: 0))

    package init() {}

    package var now: Int { state.withLock { $0.now } }
    package var peak: Int { state.withLock { $0.peak } }

    package func take(_ amount: Int = 1) {
        state.withLock { state in
            state.now += amount
            state.peak = max(state.peak, state.now)
        }
    }

    package func giveBack(_ amount: Int = 1) { state.withLock { $0.now -= amount } }
}
