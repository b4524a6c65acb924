import Foundation
import RenditionCore
import Synchronization

/// The store's own time: this machine's monotonic clock, and what the `Date` headers of its answers say of it.
///
/// Leases are measured by it, so that a worker whose wall clock is minutes off takes no photo from another. A `Date`
/// has whole seconds and stands for a moment between a request's sending and its answer; each answer so bounds the
/// offset from both sides, and the bounds of several are intersected. Until the first answer the wall clock serves.
/// Any thread may use it.
package final class ServerClock: StoreClock {
    private struct Bounds {
        var low: Duration
        var high: Duration
        var learnt: ContinuousClock.Instant
    }

    private let start = ContinuousClock.now
    private let wall: Timestamp
    private let bounds = Mutex<Bounds?>(nil)
    /// After this long bounds are learnt afresh, since two clocks drift apart.
    private let lifetime: Duration

    /// - Parameter wall: What this machine believes the time to be.
    package init(wall: Timestamp = SystemClock().now, lifetime: Duration = .seconds(600)) {
        self.wall = wall
        self.lifetime = lifetime
    }

    package var now: Timestamp {
        let elapsed = ContinuousClock.now - start
        return wall + elapsed + offset
    }

    /// How far the store is ahead of this machine's wall clock, as far as is known.
    package var offset: Duration { known ?? .zero }

    /// The same; nil before the first answer.
    var known: Duration? { bounds.withLock { bounds in bounds.map { ($0.low + $0.high) / 2 } } }

    /// Learns from an answer.
    ///
    /// - Parameters:
    ///   - date: Its `Date` header.
    ///   - sent: When the request was sent.
    ///   - received: When the answer was there.
    package func learn(date: String, sent: ContinuousClock.Instant, received: ContinuousClock.Instant) {
        guard let second = HTTPDate.parse(date) else { return }
        // The server wrote the date between sending and receiving, at some moment within that second.
        let low = second - (wall + (received - start))
        let high = second - (wall + (sent - start)) + .seconds(1)
        bounds.withLock { bounds in
            if let known = bounds, received - known.learnt < lifetime {
                let (newLow, newHigh) = (max(known.low, low), min(known.high, high))
                if newLow <= newHigh {
                    bounds = Bounds(low: newLow, high: newHigh, learnt: known.learnt)
                    return
                }
            }
            // The first, outdated, or contradictory: a clock was set, or another server answers.
            bounds = Bounds(low: low, high: high, learnt: received)
        }
    }
}

/// The preferred form of dates in HTTP (RFC 9110, section 5.6.7).
enum HTTPDate {
    static func parse(_ text: String) -> Timestamp? {
        let parts = text.split(separator: " ")
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 6, parts[5] == "GMT", let day = Int(parts[1]), let year = Int(parts[3]),
            let month = months.firstIndex(of: String(parts[2]))
        else { return nil }
        let time = parts[4].split(separator: ":").compactMap { Int($0) }
        guard time.count == 3 else { return nil }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let components = DateComponents(
            year: year, month: month + 1, day: day, hour: time[0], minute: time[1], second: time[2])
        return calendar.date(from: components).map { Timestamp($0) }
    }
}
