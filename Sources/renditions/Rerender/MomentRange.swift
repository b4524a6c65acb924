import Foundation
import RenditionCore

/// A span of time, both ends included; an open end is nil.
///
/// A date without a time means that whole day in UTC: as a beginning its first millisecond, as an end its last.
struct MomentRange: Sendable, Hashable, Codable {
    var from: Timestamp?
    var to: Timestamp?

    /// - Returns: nil where neither end was named.
    /// - Throws: ``Unreadable`` for what is no date.
    init?(from: String?, to: String?) throws {
        guard from != nil || to != nil else { return nil }
        self.from = try from.map { text in
            guard let moment = Self.moment(text) else { throw Unreadable(text: text) }
            return moment.first
        }
        self.to = try to.map { text in
            guard let moment = Self.moment(text) else { throw Unreadable(text: text) }
            return moment.last
        }
    }

    /// Whether a date in a record lies inside. One that is missing or can't be read lies outside.
    ///
    /// Cameras often write local time without saying where they are; that is taken for UTC.
    func contains(_ text: String?) -> Bool {
        guard let moment = text.flatMap(Self.moment)?.first else { return false }
        return (from.map { $0 <= moment } ?? true) && (to.map { moment <= $0 } ?? true)
    }

    struct Unreadable: Error, CustomStringConvertible {
        let text: String
        var description: String {
            "\"\(text)\" is no date such as 2026-06-20, nor a moment such as 2026-06-20T14:30:00Z"
        }
    }

    /// The first and the last millisecond that a text names: a day, a minute, a second, or a moment with fractions of one.
    private static func moment(_ text: String) -> (first: Timestamp, last: Timestamp)? {
        let pattern = /(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?/
        guard let match = text.wholeMatch(of: pattern) else { return nil }
        var parts = DateComponents()
        (parts.year, parts.month, parts.day) = (Int(match.1), Int(match.2), Int(match.3))
        (parts.hour, parts.minute, parts.second) = (
            match.4.flatMap { Int($0) }, match.5.flatMap { Int($0) }, match.6.flatMap { Int($0) }
        )
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        guard parts.isValidDate(in: calendar), let date = calendar.date(from: parts) else { return nil }
        let fraction = match.7.map { $0.prefix(3).padding(toLength: 3, withPad: "0", startingAt: 0) }
        let first = Timestamp(date) + .milliseconds(fraction.flatMap { Int($0) } ?? 0) + (.zero - offset(match.8))
        let length: Duration =
            match.4 == nil
            ? .seconds(86_400) : match.6 == nil ? .seconds(60) : match.7 == nil ? .seconds(1) : .milliseconds(1)
        return (first, first + length + .milliseconds(-1))
    }

    private static func offset(_ text: Substring?) -> Duration {
        guard let text, text != "Z" else { return .zero }
        let digits = text.filter(\.isNumber)
        let minutes = (Int(digits.prefix(2)) ?? 0) * 60 + (Int(digits.suffix(2)) ?? 0)
        return .seconds((text.first == "-" ? -60 : 60) * minutes)
    }
}
