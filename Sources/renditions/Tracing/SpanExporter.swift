import Foundation
import Logging
import NIOHTTP1
import RenditionAWS
import RenditionCore
import Synchronization
import Tracing

/// Sends finished spans to a collector, some at a time: OTLP over HTTP, in JSON.
///
/// Source: OpenTelemetry Protocol specification 1.5, "OTLP/HTTP" and "JSON Protobuf Encoding". A collector that doesn't
/// answer costs spans and nothing else: what it doesn't take is dropped, and that is said once. Any thread may use it.
final class SpanExporter: Sendable {
    private struct State {
        var waiting: [FinishedSpan] = []
        var hasComplained = false
    }

    private let endpoint: Endpoint
    private let path: String
    private let transport: HTTPTransport
    private let logger: Logger
    private let state = Mutex(State())
    private let task = Mutex<Task<Void, Never>?>(nil)

    /// Spans that may wait; more are dropped.
    private static let most = 8192
    /// Spans in one request.
    private static let batch = 512

    /// - Parameter url: The collector's address, as OTEL_EXPORTER_OTLP_ENDPOINT holds it: `/v1/traces` is added.
    init?(url: String, logger: Logger) {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme, let host = parts.host,
            let endpoint = Endpoint("\(scheme)://\(host)\(parts.port.map { ":\($0)" } ?? "")")
        else { return nil }
        self.endpoint = endpoint
        path = (parts.path.hasSuffix("/") ? String(parts.path.dropLast()) : parts.path) + "/v1/traces"
        self.logger = logger
        transport = HTTPTransport()
        task.withLock { task in
            task = Task { [weak self] in
                while !Task.isCancelled {
                    try? await Task.sleep(for: .seconds(1))
                    // What is on its way at the end shall arrive: the end cancels only the wait.
                    await Task { await self?.send() }.value
                }
            }
        }
    }

    /// Takes a span along; never waits.
    func take(_ span: FinishedSpan) {
        state.withLock { state in
            if state.waiting.count < Self.most { state.waiting.append(span) }
        }
    }

    /// Sends what is left, within a few seconds, and ends.
    func close() async {
        let sending = task.withLock { task in
            task?.cancel()
            return task
        }
        await sending?.value
        await send()
        await transport.close()
    }

    private func send() async {
        while true {
            let spans = state.withLock { state -> [FinishedSpan] in
                let spans = Array(state.waiting.prefix(Self.batch))
                state.waiting.removeFirst(spans.count)
                return spans
            }
            guard !spans.isEmpty else { return }
            do {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.withoutEscapingSlashes]
                var request = WireRequest(.POST, endpoint)
                request.path = path
                request.headers.add(name: "content-type", value: "application/json")
                request.body = .bytes([UInt8](try encoder.encode(OTLPRequest(spans))))
                let response = try await transport.send(request, limit: 1 << 20, deadline: .seconds(3))
                guard !(200..<300).contains(response.status) else { continue }
                complain("it answered \(response.status)")
            } catch {
                complain("\(error)")
            }
            return
        }
    }

    private func complain(_ reason: String) {
        let isFirst = state.withLock { state in
            defer { state.hasComplained = true }
            return !state.hasComplained
        }
        if isFirst {
            logger.warning("Traces don't reach \(endpoint.text): \(reason). Further ones are dropped silently.")
        }
    }
}

/// The body of an export.
private struct OTLPRequest: Encodable {
    struct Value: Encodable {
        var stringValue: String?
        var intValue: String?
        var doubleValue: Double?
        var boolValue: Bool?
    }
    struct Attribute: Encodable {
        var key: String
        var value: Value
    }
    struct Event: Encodable {
        var timeUnixNano: String
        var name: String
        var attributes: [Attribute]
    }
    struct Status: Encodable {
        var code: Int
        var message: String?
    }
    struct Span: Encodable {
        var traceId: String
        var spanId: String
        var parentSpanId: String?
        var name: String
        var kind: Int
        var startTimeUnixNano: String
        var endTimeUnixNano: String
        var attributes: [Attribute]
        var events: [Event]
        var status: Status?
    }
    struct Scope: Encodable {
        var name = "galerly-renditions"
        var version = Renditions.version
    }
    struct ScopeSpans: Encodable {
        var scope = Scope()
        var spans: [Span]
    }
    struct Resource: Encodable { var attributes: [Attribute] }
    struct ResourceSpans: Encodable {
        var resource: Resource
        var scopeSpans: [ScopeSpans]
    }

    var resourceSpans: [ResourceSpans]

    init(_ spans: [FinishedSpan]) {
        let resource = Resource(attributes: [
            Attribute(key: "service.name", value: Value(stringValue: "galerly-renditions")),
            Attribute(key: "service.version", value: Value(stringValue: Renditions.version)),
            Attribute(key: "host.name", value: Value(stringValue: ProcessInfo.processInfo.hostName)),
            Attribute(key: "process.pid", value: Value(intValue: "\(ProcessInfo.processInfo.processIdentifier)")),
        ])
        resourceSpans = [ResourceSpans(resource: resource, scopeSpans: [ScopeSpans(spans: spans.map(Self.span))])]
    }

    private static func span(_ span: FinishedSpan) -> Span {
        let status = span.status.map { Status(code: $0.code == .error ? 2 : 1, message: $0.message) }
        return Span(
            traceId: span.trace.traceID, spanId: span.trace.spanID, parentSpanId: span.parent, name: span.name,
            kind: kind(span.kind), startTimeUnixNano: String(span.start), endTimeUnixNano: String(span.end),
            attributes: attributes(span.attributes),
            events: span.events.map {
                Event(
                    timeUnixNano: String($0.nanosecondsSinceEpoch), name: $0.name,
                    attributes: attributes($0.attributes))
            }, status: status)
    }

    /// The numbers of the protocol's `SpanKind`.
    private static func kind(_ kind: SpanKind) -> Int {
        switch kind {
        case .server: 2
        case .client: 3
        case .producer: 4
        case .consumer: 5
        default: 1
        }
    }

    private static func attributes(_ attributes: SpanAttributes) -> [Attribute] {
        var list: [Attribute] = []
        attributes.forEach { name, value in
            let told: Value =
                switch value {
                case .int32(let number): Value(intValue: String(number))
                case .int64(let number): Value(intValue: String(number))
                case .double(let number): Value(doubleValue: number)
                case .bool(let flag): Value(boolValue: flag)
                case .string(let text): Value(stringValue: text)
                default: Value(stringValue: "\(value)")
                }
            list.append(Attribute(key: name, value: told))
        }
        return list.sorted { $0.key < $1.key }
    }
}
