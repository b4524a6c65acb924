import Tracing

/// A span's place in a trace, as the header `traceparent` tells it.
///
/// Source: W3C Trace Context, https://www.w3.org/TR/trace-context/, sections 3.2 and 4.
struct TraceContext: Sendable, Hashable {
    /// 32 lower-case hexadecimal digits, not all zero.
    var traceID: String
    /// 16 lower-case hexadecimal digits, not all zero.
    var spanID: String
    /// Whether whoever began the trace wants it kept.
    var isSampled: Bool

    /// A span of its own: below a parent, or at a new trace's root.
    init(below parent: TraceContext?) {
        traceID = parent?.traceID ?? Self.digits(2)
        spanID = Self.digits(1)
        isSampled = parent?.isSampled ?? true
    }

    /// - Returns: nil for what is no valid header, which is to be ignored.
    init?(header: String) {
        let parts = header.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, Self.isHex(parts[0], 2), parts[0] != "ff", parts[0] != "00" || parts.count == 4,
            Self.isHex(parts[1], 32), Self.isHex(parts[2], 16), Self.isHex(parts[3], 2),
            parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" }),
            let flags = UInt8(parts[3], radix: 16)
        else { return nil }
        traceID = String(parts[1])
        spanID = String(parts[2])
        isSampled = flags & 1 == 1
    }

    var header: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }

    private static func isHex(_ text: Substring, _ count: Int) -> Bool {
        text.utf8.count == count && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    private static func digits(_ words: Int) -> String {
        (0..<words).map { _ in
            let word = String(UInt64.random(in: 1 ... .max), radix: 16)
            return String(repeating: "0", count: 16 - word.count) + word
        }.joined()
    }
}

private enum TraceContextKey: ServiceContextKey { typealias Value = TraceContext }

extension ServiceContext {
    /// The running span's place in its trace.
    var trace: TraceContext? {
        get { self[TraceContextKey.self] }
        set { self[TraceContextKey.self] = newValue }
    }
}
