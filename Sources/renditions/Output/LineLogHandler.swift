import Foundation
import Logging
import RenditionCore
import Tracing

/// Writes log lines to standard error, so that standard output holds nothing but answers: for people, or as JSON.
///
/// A line that is written while a photo is worked on carries its id and attempt and, where it is traced, the trace's id. A
/// signature in a URL is struck out, whoever put it there.
struct LineLogHandler: LogHandler {
    enum Format: String, CaseIterable, Sendable {
        /// For people on a terminal, JSON elsewhere.
        case auto
        case human
        case json
    }

    var metadata: Logger.Metadata = [:]
    private let style: LogStyle
    /// Where somebody wants another level than all.
    private var ownLevel: Logger.Level?

    init(_ style: LogStyle) { self.style = style }

    var logLevel: Logger.Level {
        get { ownLevel ?? style.level }
        set { ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields: [String: String] = [:]
        if let context = ServiceContext.current {
            if let tag = context.photo {
                fields["photo"] = tag.photo
                fields["attempt"] = String(tag.attempt)
            }
            if let trace = context.trace { fields["trace"] = trace.traceID }
        }
        for (name, value) in metadata { fields[name] = "\(value)" }
        for (name, value) in event.metadata ?? [:] { fields[name] = "\(value)" }
        let message = Self.discreet(event.message.description)
        fields = fields.mapValues(Self.discreet)
        let moment = Timestamp(Date()).iso8601
        let line =
            style.isJSON ? json(moment, event.level, message, fields) : human(moment, event.level, message, fields)
        try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
    }

    private func human(_ moment: String, _ level: Logger.Level, _ message: String, _ fields: [String: String]) -> String
    {
        let told = ["photo", "attempt", "trace"]
        let rest = fields.keys.filter { !told.contains($0) }.sorted()
        let named = (told + rest).compactMap { name in fields[name].map { "\(name)=\($0.printable)" } }
        let tail = named.isEmpty ? "" : "  " + named.joined(separator: " ")
        return "\(moment) \(level.rawValue): \(message.printable)\(tail)"
    }

    /// One object a line, its fields in the order of their names.
    private func json(_ moment: String, _ level: Logger.Level, _ message: String, _ fields: [String: String]) -> String
    {
        var object: [String: Field] = fields.mapValues(Field.text)
        if let attempt = fields["attempt"].flatMap(Int.init) { object["attempt"] = .number(attempt) }
        object["time"] = .text(moment)
        object["level"] = .text(level.rawValue)
        object["message"] = .text(message)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(object)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    private enum Field: Encodable {
        case text(String)
        case number(Int)

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .number(let number): try container.encode(number)
            }
        }
    }

    /// A text without the signatures of presigned URLs: whoever reads the log could use them.
    static func discreet(_ text: String) -> String {
        guard text.range(of: "X-Amz-", options: .caseInsensitive) != nil else { return text }
        return text.replacing(#/(?i)(X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s"'<>]+/#) { "\($0.1)…" }
    }
}
