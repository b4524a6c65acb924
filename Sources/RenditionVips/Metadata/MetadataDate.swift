import Foundation

/// Dates as cameras and editors write them.
enum MetadataDate {
    /// ISO 8601, without fractions of a second, from any of `YYYY:MM:DD HH:MM:SS`, `YYYY-MM-DDTHH:MM:SS.ss+hh:mm` and
    /// `YYYYMMDDHHMMSS+hhmm`; an offset from UTC only where the text has one.
    ///
    /// - Returns: nil where a part is missing or impossible; cameras without a clock write zeros or spaces.
    static func iso8601(_ text: String) -> String? {
        let pattern =
            /\s*(\d{4})[-:\/.]?(\d\d)[-:\/.]?(\d\d)[T ]*(\d\d):?(\d\d)(?::?(\d\d))?(?:[.,]\d*)?\s*(Z|[+-]\d\d:?\d\d)?.*/
        guard let match = text.wholeMatch(of: pattern) else { return nil }
        let parts = [match.1, match.2, match.3, match.4, match.5, match.6 ?? "00"].compactMap { Int($0) }
        guard parts.count == 6, parts[0] > 0, (1...12).contains(parts[1]), (1...31).contains(parts[2]), parts[3] < 24,
            parts[4] < 60, parts[5] <= 60
        else { return nil }
        let local = String(
            format: "%04d-%02d-%02dT%02d:%02d:%02d", parts[0], parts[1], parts[2], parts[3], parts[4], parts[5])
        return local + (match.7.flatMap { offset(String($0)) } ?? "")
    }

    /// `Z` or `±hh:mm`; nil for anything that isn't an offset from UTC.
    static func offset(_ text: String) -> String? {
        let text = text.trimmingCharacters(in: .whitespaces)
        if text == "Z" { return text }
        guard let match = text.wholeMatch(of: /([+-]\d\d):?(\d\d)/), let hours = Int(match.1), abs(hours) <= 15 else {
            return nil
        }
        return "\(match.1):\(match.2)"
    }
}
