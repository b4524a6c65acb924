import RenditionCore
import Synchronization

/// A clock that stands still until a test moves it.
package final class ManualClock: StoreClock {
    private let state: Mutex<Timestamp>

    package init(_ start: Timestamp = Timestamp(milliseconds: 1_750_000_000_000)) { state = Mutex(start) }

    package var now: Timestamp { state.withLock { $0 } }

    package func advance(by duration: Duration) { state.withLock { $0 = $0 + duration } }
}
