import RenditionCore
import Synchronization
import Tracing

/// Gives every span its place in a W3C trace, and hands those that are to be kept to an exporter when they end.
///
/// Without an exporter the ids still run through the queue and the log. Any thread may use it.
struct PhotoTracer: Tracer {
    /// nil where nobody collects traces.
    let exporter: SpanExporter?

    func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> PhotoSpan {
        var context = context()
        let parent = context.trace
        let trace = TraceContext(below: parent)
        context.trace = trace
        return PhotoSpan(
            FinishedSpan(
                trace: trace, parent: parent?.spanID, name: operationName, kind: kind,
                start: instant().nanosecondsSinceEpoch),
            context: context, exporter: trace.isSampled ? exporter : nil)
    }

    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let header = extractor.extract(key: PhotoTrace.header, from: carrier) else { return }
        context.trace = TraceContext(header: header)
    }

    func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let trace = context.trace else { return }
        injector.inject(trace.header, forKey: PhotoTrace.header, into: &carrier)
    }

    func forceFlush() {}
}

/// What is known of a span at its end.
struct FinishedSpan: Sendable {
    let trace: TraceContext
    /// The id of the span above it; nil at a trace's root.
    let parent: String?
    var name: String
    let kind: SpanKind
    /// Nanoseconds since 1970.
    let start: UInt64
    var end: UInt64 = 0
    var attributes = SpanAttributes()
    var events: [SpanEvent] = []
    var status: SpanStatus?
}

/// A running span.
final class PhotoSpan: Span {
    let context: ServiceContext
    private let exporter: SpanExporter?
    /// nil once it has ended.
    private let state: Mutex<FinishedSpan?>

    init(_ span: FinishedSpan, context: ServiceContext, exporter: SpanExporter?) {
        self.context = context
        self.exporter = exporter
        state = Mutex(span)
    }

    var isRecording: Bool { exporter != nil }

    var operationName: String {
        get { state.withLock { $0?.name } ?? "" }
        set { state.withLock { $0?.name = newValue } }
    }

    var attributes: SpanAttributes {
        get { state.withLock { $0?.attributes } ?? [:] }
        set { if isRecording { state.withLock { $0?.attributes = newValue } } }
    }

    func setStatus(_ status: SpanStatus) { state.withLock { $0?.status = status } }

    func addEvent(_ event: SpanEvent) { if isRecording { state.withLock { $0?.events.append(event) } } }

    func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        var attributes = attributes
        // OpenTelemetry's names for what an exception says.
        attributes["exception.type"] = (error as? RenditionError)?.code ?? "\(type(of: error))"
        attributes["exception.message"] = "\(error)"
        addEvent(SpanEvent(name: "exception", at: instant(), attributes: attributes))
    }

    func addLink(_ link: SpanLink) {}

    func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        let span = state.withLock { state -> FinishedSpan? in
            defer { state = nil }
            return state
        }
        guard let exporter, var span else { return }
        span.end = instant().nanosecondsSinceEpoch
        exporter.take(span)
    }
}
