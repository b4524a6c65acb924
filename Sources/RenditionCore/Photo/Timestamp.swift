import Foundation

/// A moment in milliseconds since 1970, as the queue's rows and the records' dates hold it.
package struct Timestamp: Sendable, Hashable, Comparable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package init(_ date: Date) { milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded()) }

    package var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

    /// ISO 8601 in UTC with milliseconds and a trailing Z, the platform's form of a date.
    package var iso8601: String {
        // The fraction is written apart: through a floating-point date it comes out a millisecond short at times.
        let (seconds, fraction) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        let moment = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
        return moment.dropLast() + String(format: ".%03dZ", fraction)
    }

    /// Reads a date in the platform's form, with any number of fractional digits or none.
    ///
    /// - Returns: nil for what is no such date, or isn't in UTC.
    package init?(iso8601 text: String) {
        guard text.hasSuffix("Z"), let moment = try? Date(text.prefix(19) + "Z", strategy: .iso8601) else { return nil }
        self.init(moment)
        let rest = text.dropFirst(19).dropLast()
        guard !rest.isEmpty else { return }
        guard rest.first == ".", let fraction = Double("0\(rest)") else { return nil }
        milliseconds += Int64(fraction * 1000)
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    package static func + (moment: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(milliseconds: moment.milliseconds + duration.milliseconds)
    }

    package static func - (left: Timestamp, right: Timestamp) -> Duration {
        .milliseconds(left.milliseconds - right.milliseconds)
    }
}

/// Programs read it in the platform's form of a date.
extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let moment = Timestamp(iso8601: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "It is no date in UTC.")
        }
        self = moment
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(iso8601)
    }
}

extension Duration {
    /// The whole milliseconds, cut off towards zero.
    package var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }

    /// The length in seconds.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}

/// The time that leases are measured in. Every worker of one store must read the same clock.
package protocol StoreClock: Sendable {
    var now: Timestamp { get }
}

/// The machine's own clock: right for a store whose workers all run on one machine.
package struct SystemClock: StoreClock {
    package init() {}

    package var now: Timestamp { Timestamp(Date()) }
}
