import Tracing

/// Which photo a task works on: every log line that is written meanwhile carries it.
package struct PhotoTag: Sendable, Hashable {
    package var photo: String
    package var attempt: Int
}

private enum PhotoTagKey: ServiceContextKey { typealias Value = PhotoTag }

extension ServiceContext {
    /// The photo that the task works on; nil for what concerns none.
    package var photo: PhotoTag? {
        get { self[PhotoTagKey.self] }
        set { self[PhotoTagKey.self] = newValue }
    }
}

/// W3C's trace context on its way through the queue (https://www.w3.org/TR/trace-context/).
package enum PhotoTrace {
    /// The header's name.
    package static let header = "traceparent"

    /// Works on a leased photo inside a span that continues the trace of whoever queued it.
    static func follow<Result: Sendable>(
        _ lease: Lease, _ body: @Sendable (any Span) async -> Result
    ) async -> Result {
        var context = ServiceContext.topLevel
        context.photo = PhotoTag(photo: lease.photo.id, attempt: lease.attempts)
        return await withSpan("photo", context: continuing(lease.note.trace, context), ofKind: .consumer) { span in
            span.attributes["photo.id"] = lease.photo.id
            span.attributes["photo.attempt"] = Int64(lease.attempts)
            span.attributes["gallery.id"] = lease.photo.galleryID
            return await body(span)
        }
    }

    /// A context with what a `traceparent` says; without, where it says nothing that can be understood.
    package static func continuing(_ trace: String?, _ context: ServiceContext = .topLevel) -> ServiceContext {
        guard let trace else { return context }
        var context = context
        InstrumentationSystem.instrument.extract([header: trace], into: &context, using: Carrier())
        return context
    }

    /// The `traceparent` of the running span; nil where nothing is traced.
    package static var current: String? {
        guard let context = ServiceContext.current else { return nil }
        var carrier: [String: String] = [:]
        InstrumentationSystem.instrument.inject(context, into: &carrier, using: Carrier())
        return carrier[header]
    }

    private struct Carrier: Extractor, Injector {
        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
        func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
    }
}
