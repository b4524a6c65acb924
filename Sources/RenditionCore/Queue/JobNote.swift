/// What whoever queues a photo tells its worker.
package struct JobNote: Sendable, Hashable, Codable {
    /// The trace that the work belongs to, as W3C's `traceparent`; nil where nobody traces.
    package var trace: String?
    /// Whether to render even what is current.
    package var isForced: Bool

    package init(trace: String? = nil, isForced: Bool = false) {
        self.trace = trace
        self.isForced = isForced
    }

    /// Nothing to tell.
    package static let none = JobNote()
}
