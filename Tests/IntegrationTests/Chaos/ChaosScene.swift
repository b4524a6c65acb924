import Foundation
import RenditionCore
import RenditionTestKit

/// A store under chaos: what its platform does there, what viewers see meanwhile, and what is left in the end.
final class ChaosScene: Sendable {
    let target: any ChaosTarget
    let book = ChaosBook()
    private let truth: ChaosTruth

    init(_ target: any ChaosTarget, _ truth: ChaosTruth) { (self.target, self.truth) = (target, truth) }

    // MARK: What the platform does

    /// - Parameter fence: That of a record which was copied from a photo with a history.
    func upload(_ photo: ChaosBook.Photo, fence: Int? = nil) async throws {
        book.add(photo)
        try await put(photo.sample, as: photo.key)
        let new = NewPhoto(
            id: photo.id, galleryID: photo.galleryID, userID: photo.userID, filename: photo.sample,
            fileSize: Corpus.samples.bytes(photo.sample).count)
        var record = new.record(urls: target.urls, now: ChaosBook.now)
        record.attributes["rendition_fence"] = fence.map(RecordValue.integer)
        try await target.insert(record)
    }

    func overwrite(_ photo: ChaosBook.Photo, with sample: String) async throws {
        try await book.change([photo.id], to: { ($0.sample, $0.fate) = (sample, .rendered) }) {
            try await put(sample, as: photo.key)
        }
    }

    func deleteOriginal(_ photo: ChaosBook.Photo) async throws {
        try await book.change([photo.id], to: { $0.fate = .lostOriginal }) {
            try await target.store.objects.delete(.photos, key: photo.key)
        }
    }

    /// Deletes all of it, as the platform does.
    func delete(_ photo: ChaosBook.Photo) async throws {
        try await book.change([photo.id], to: { $0.fate = .gone }) {
            try await target.deleteRecord(photo.id)
            try await target.store.objects.delete(.photos, key: photo.key)
            for key in Self.renditionKeys(of: photo) { try await target.store.objects.delete(.renditions, key: key) }
        }
    }

    /// Gives a photographer other settings.
    ///
    /// - Returns: their photos.
    @discardableResult
    func set(_ user: String, brightness: Int, watermark: Bool) async throws -> [ChaosBook.Photo] {
        let settings = Photographer(attributes: [
            "color_adjustments": .map(["brightness": .number("0.\(brightness)")]),
            "watermark_enabled": .bool(watermark), "watermark_text": .string("chaos"),
        ])
        let photos = book.photos.filter { $0.userID == user && $0.fate != .gone }
        try await book.change(photos.map(\.id)) {
            book.set(settings, of: user)
            try await target.keep(settings, as: user)
        }
        return photos
    }

    /// Tells the queue of uploads or photos, as the platform's hook does.
    func hook(_ uploads: [String], patience: Int = 5) throws -> Command {
        try Command(
            Renditions.path, ["hook", "--wait", "\(patience)"] + uploads, environment: target.environment(through: nil))
    }

    private func put(_ sample: String, as key: String) async throws {
        let bytes = Corpus.samples.bytes(sample)
        _ = try await target.store.objects.put(
            ObjectUpload(key: key, body: .bytes(bytes), contentType: "image/jpeg"), in: .photos, if: .none)
    }

    private static func renditionKeys(of photo: ChaosBook.Photo) -> [String] {
        RenditionSize.all.map { ObjectKeys.rendition(galleryID: photo.galleryID, originalKey: photo.key, size: $0) }
    }

    // MARK: What is seen

    /// Looks once at all that viewers see.
    func look() async {
        for photo in book.photos where photo.fate != .gone { await look(photo) }
    }

    private func look(_ photo: ChaosBook.Photo) async {
        if let record = try? await target.store.records.record(photo.id), record.fence > 0 {
            book.see(photo.id, fence: record.fence)
        }
        await withTaskGroup(of: Void.self) { [target, book] group in
            for key in Self.renditionKeys(of: photo) {
                group.addTask {
                    let info = try? await target.store.objects.head(.renditions, key: key)
                    if let fence = info?.metadata["fence"].flatMap(Int.init) { book.see(key, fence: fence) }
                }
            }
        }
    }

    /// Looks again and again until cancelled, and notes when the machine itself stood still.
    func watch() async {
        while !Task.isCancelled {
            for photo in book.photos where photo.fate != .gone {
                let began = ContinuousClock.now
                await look(photo)
                if Task.isCancelled { return }
                try? await Task.sleep(for: .milliseconds(20))
                let took = ContinuousClock.now - began
                if took > .seconds(1) { book.note(.starved, nil, from: ChaosBook.now + (.zero - took)) }
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Whether nothing is owed any more.
    func isQuiet() async throws -> Bool {
        for photo in book.photos {
            let record = try await target.store.records.record(photo.id)
            let job = try await target.store.queue.job(photo.id)
            if record?.status == PhotoStatus.processing { return false }
            if record != nil, job == nil { return false }
            if let job, job.state != .done, job.state != .dead { return false }
        }
        return try await target.store.queue.depth().owed == 0
    }

    /// Waits until nothing is owed. Where that never comes about, the checker says what it is.
    func settle(within limit: Duration = .seconds(180), _ meanwhile: () async throws -> Void = {}) async throws {
        do {
            try await eventually("every photo has an end", within: limit) {
                try await meanwhile()
                return try await isQuiet()
            }
        } catch is NeverSo {}
    }

    // MARK: What is left

    /// Ends the workers and looks at all that they left.
    ///
    /// - Returns: what is wrong with it, and what it was.
    func judge(_ workers: [ChaosWorker]) async throws -> (violations: [ChaosChecker.Violation], evidence: Evidence) {
        var crashes: [String] = []
        for worker in workers {
            let end = try await worker.end()
            crashes += worker.crashes
            // A worker that is told to end before it listens ends as any process does.
            if ![0, -SIGKILL, -SIGTERM].contains(end.status) {
                crashes.append("ended with \(end.status): \(end.errors)")
            }
        }
        // Tidies up what workers that were killed left, as every worker does when it starts.
        try await target.store.sweep()
        await look()
        let evidence = try await gather(workers.flatMap { $0.reports() })
        let broken = crashes.map { ChaosChecker.Violation(invariant: .ends, photo: "a worker", what: $0) }
        return (ChaosChecker(evidence).violations + broken, evidence)
    }

    private func gather(_ reports: [PhotoReport]) async throws -> Evidence {
        let store = target.store
        var evidence = Evidence()
        for photo in book.photos {
            evidence.photos[photo.id] = Evidence.Photo(
                end: try await end(of: photo), galleryID: photo.galleryID, key: photo.key, changes: photo.changes)
            evidence.records[photo.id] = try await store.records.record(photo.id)
            evidence.jobs[photo.id] = try await store.queue.job(photo.id)
            evidence.histories[photo.id] = try await store.queue.history(photo.id)
        }
        for key in try await target.keys(.renditions) {
            do {
                guard let found = try await store.objects.get(.renditions, key: key, limit: 64 << 20) else { continue }
                evidence.renditions[key] = Evidence.Stored(
                    checksum: Checksum.sha256(found.bytes), metadata: found.info.metadata)
            } catch let error as RenditionError where error.code == "stored_file_differs" {
                evidence.renditions[key] = Evidence.Stored(checksum: "of no object", metadata: [:])
            }
        }
        evidence.originals = Set(try await target.keys(.photos))
        evidence.temporaries = try target.temporaries()
        evidence.sightings = book.sightings
        evidence.reports = reports
        // Renderers are expected to crash, each over its own photo: that is told in the sum.
        let crashes = evidence.histories.values.joined().filter {
            $0.kind == .retry && $0.detail?.contains("died of SIG") == true && $0.detail?.contains("SIGKILL") == false
        }
        evidence.faults =
            book.faults + crashes.map { Fault(kind: .rendererCrashed, worker: nil, from: $0.at, to: $0.at) }
        return evidence
    }

    private func end(of photo: ChaosBook.Photo) async throws -> Evidence.Photo.End {
        switch photo.fate {
        case .failed: return .failed
        case .lostOriginal: return .failedOrActive
        case .gone: return .gone
        case .rendered:
            let instructions = truth.instructions(book.settings(of: photo.userID))
            let etag = try await target.store.objects.head(.photos, key: photo.key)?.etag ?? ""
            return .active(
                recipe: truth.recipe(instructions, etag: etag),
                checksums: try truth.checksums(photo.sample, instructions))
        }
    }
}
