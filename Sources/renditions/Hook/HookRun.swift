import RenditionCore
import Tracing

/// Queues what a hook was told of, or renders it at once, some uploads at a time, and says what became of each.
struct HookRun: Sendable {
    /// What became of one upload.
    struct Answer: Codable, Sendable, Hashable {
        /// What the sender called it.
        var key: String
        /// nil where no record names it.
        var photo: String?
        var outcome: UploadHook.Outcome
        /// Where its renditions are, by the record's names; only of what was rendered at once.
        var urls: [String: String]?
        /// Why it was not rendered.
        var error: RenditionError?

        /// Whether telling it again may help.
        var isOpen: Bool { outcome == .noRecord || error?.retriable == true }
    }

    let store: any PhotoStore
    /// How long to wait for a record that isn't there yet.
    let patience: Duration
    /// What renders at once; nil queues.
    var rendering: ResidentRendering?

    /// How many uploads wait for their records, or are rendered, at once.
    private static let width = 16

    /// - Parameter trace: The sender's `traceparent`.
    /// - Returns: the answers in the order of the uploads.
    /// - Throws: A ``RenditionError`` of stage `store`.
    func answers(to input: HookInput, trace: String? = nil) async throws -> [Answer] {
        try await withSpan("hook", context: PhotoTrace.continuing(trace), ofKind: .producer) { span in
            span.attributes["hook.uploads"] = Int64(input.uploads.count)
            let note = JobNote(trace: PhotoTrace.current)
            return try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
                var answers = [Answer?](repeating: nil, count: input.uploads.count)
                for (index, upload) in input.uploads.enumerated() {
                    if index >= Self.width, let (done, answer) = try await group.next() { answers[done] = answer }
                    group.addTask { (index, try await answer(to: upload, note)) }
                }
                for try await (index, answer) in group { answers[index] = answer }
                return answers.compactMap { $0 }
            }
        }
    }

    private func answer(to upload: HookInput.Upload, _ note: JobNote) async throws -> Answer {
        let hook = UploadHook(store: store, patience: patience, note: note)
        if !upload.keys.isEmpty, !upload.keys.contains(where: ObjectKeys.isOriginal) {
            return Answer(key: upload.name, outcome: .notAnOriginal)
        }
        let record =
            upload.keys.isEmpty
            ? try await hook.record(photoID: upload.name) : try await hook.record(keys: upload.keys)
        guard let record else { return Answer(key: upload.name, outcome: .noRecord) }
        let photo = PhotoRef(id: record.id, galleryID: record.galleryID)
        guard let rendering else {
            return Answer(key: upload.name, photo: photo.id, outcome: try await hook.queue(photo))
        }
        var answer = Answer(key: upload.name, photo: photo.id, outcome: .failed)
        switch try await rendering.render(photo, note: note) {
        case .done:
            answer.outcome = .rendered
            answer.urls = try await urls(of: photo.id)
        case .failed(let error): answer.error = error
        case .dropped: break
        }
        return answer
    }

    private func urls(of id: String) async throws -> [String: String]? {
        guard let record = try await store.records.record(id) else { return nil }
        var urls: [String: String] = [:]
        for size in RenditionSize.all { urls["\(size.name)_url"] = record["\(size.name)_url"] }
        return urls
    }
}
