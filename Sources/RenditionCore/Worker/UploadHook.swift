/// Finds and queues photos whose originals have been uploaded, by the originals' keys or the photos' ids.
///
/// It tells the queue nothing but that there may be work: the worker reads the record, and renders nothing whose
/// renditions are current. Telling it twice, or in any order, does no harm.
package struct UploadHook: Sendable {
    /// What became of one upload.
    package enum Outcome: String, Sendable, Codable {
        case queued
        /// It was waiting in the queue already.
        case alreadyQueued = "already_queued"
        /// Nothing that the platform renders lies under that key.
        case notAnOriginal = "not_an_original"
        /// No record names it, even after waiting. It will be found once there is one.
        case noRecord = "no_record"
        /// Its renditions are there, made at once.
        case rendered
        /// It was rendered at once, and that came to nothing.
        case failed
    }

    private let store: any PhotoStore
    private let patience: Duration
    private let note: JobNote

    /// - Parameters:
    ///   - patience: How long to wait for a record: an upload may be told of before its record is written.
    ///   - note: What to tell the photos' workers.
    package init(store: any PhotoStore, patience: Duration, note: JobNote = .none) {
        self.note = note
        self.store = store
        self.patience = patience
    }

    /// The record of an upload.
    ///
    /// - Parameter keys: The original's key; several where it isn't certain how it was encoded, the likeliest first.
    /// - Returns: nil where there is none, even after waiting.
    package func record(keys: [String]) async throws -> PhotoRecord? {
        let originals = keys.filter(ObjectKeys.isOriginal)
        if originals.isEmpty { return nil }
        return try await whenThere { isLast in
            for key in originals {
                // The record may come yet: a whole gallery is searched once, at the end.
                if let record = try await store.records.record(originalKey: key, searching: isLast) { return record }
            }
            return nil
        }
    }

    package func record(photoID: String) async throws -> PhotoRecord? {
        try await whenThere { _ in try await store.records.record(photoID) }
    }

    private func whenThere(_ find: (_ isLast: Bool) async throws -> PhotoRecord?) async throws -> PhotoRecord? {
        let end = ContinuousClock.now + patience
        var wait = Duration.milliseconds(100)
        while true {
            let isLast = ContinuousClock.now + wait >= end
            if let record = try await find(isLast) { return record }
            if isLast { return nil }
            try await Task.sleep(for: wait)
            wait = min(wait * 2, .seconds(1))
        }
    }

    /// Queues a photo that was uploaded.
    package func queue(_ photo: PhotoRef) async throws -> Outcome {
        defer { store.doorbell.ring() }
        if try await store.queue.adopt(photo, lane: .fresh, note: note) { return .queued }
        // A leased photo is queued too: its worker may have read the original before this upload.
        if try await store.queue.job(photo.id)?.state == .queued { return .alreadyQueued }
        try await store.queue.enqueue(photo, lane: .fresh, note: note)
        return .queued
    }
}
