import RenditionCore
import Tracing

/// Queues what a hook was told of, some uploads at a time, and says what became of each.
struct HookRun: Sendable {
    /// What became of one upload.
    struct Answer: Codable, Sendable, Hashable {
        /// What the sender called it.
        var key: String
        /// nil where no record names it.
        var photo: String?
        var outcome: UploadHook.Outcome
    }

    let store: any PhotoStore
    /// How long to wait for a record that isn't there yet.
    let patience: Duration

    /// How many uploads wait for their records at once.
    private static let width = 16

    /// - Parameter trace: The sender's `traceparent`.
    /// - Returns: the answers in the order of the uploads.
    /// - Throws: A ``RenditionError`` of stage `store`.
    func queue(_ input: HookInput, trace: String? = nil) async throws -> [Answer] {
        try await withSpan("hook", context: PhotoTrace.continuing(trace), ofKind: .producer) { span in
            span.attributes["hook.uploads"] = Int64(input.uploads.count)
            let hook = UploadHook(store: store, patience: patience, note: JobNote(trace: PhotoTrace.current))
            return try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
                var answers = [Answer?](repeating: nil, count: input.uploads.count)
                for (index, upload) in input.uploads.enumerated() {
                    if index >= Self.width, let (done, answer) = try await group.next() { answers[done] = answer }
                    group.addTask { (index, try await Self.tell(upload, hook)) }
                }
                for try await (index, answer) in group { answers[index] = answer }
                return answers.compactMap { $0 }
            }
        }
    }

    private static func tell(_ upload: HookInput.Upload, _ hook: UploadHook) async throws -> Answer {
        let (outcome, photo) =
            upload.keys.isEmpty
            ? try await hook.uploaded(photoID: upload.name) : try await hook.uploaded(keys: upload.keys)
        return Answer(key: upload.name, photo: photo, outcome: outcome)
    }
}
