import Foundation
import RenditionCore
import RenditionTestKit
import Testing

/// A store with photos in it, for commands that work on many of them.
final class BatchStage: Sendable {
    let target: any ChaosTarget
    let folder = TestFolder()

    init(_ store: ChaosStore) async throws { target = try await store.target(in: folder) }

    var store: any PhotoStore { target.store }

    /// What a command needs to work here.
    func environment(through proxy: FaultProxy? = nil, _ more: [String: String] = [:]) -> [String: String] {
        target.environment(through: proxy)
            // No lease needs a renewal, however slow the machine is.
            .merging(["RENDITIONS_RUNS": folder.path("runs"), "RENDITIONS_LEASE_SECONDS": "600"]) { $1 }
            .merging(more) { $1 }
    }

    func run(
        _ arguments: String..., through proxy: FaultProxy? = nil, settings: [String: String] = [:]
    ) async throws -> Command.Result {
        try await Renditions.run(arguments, environment(through: proxy, settings))
    }

    func start(_ arguments: String..., settings: [String: String] = [:]) throws -> Command {
        try Renditions.start(arguments, environment(settings))
    }

    /// Puts an original and writes its record, as the backend does.
    func upload(
        _ sample: String = "tiny.jpg", as name: String? = nil, gallery: String = "g", user: String = "u",
        attributes: [String: RecordValue] = [:], file: String? = nil
    ) async throws -> PhotoRef {
        let bytes =
            file.map { Array(FileManager.default.contents(atPath: $0) ?? Data()) } ?? Corpus.samples.bytes(sample)
        let photo = NewPhoto(
            id: UUID().uuidString.lowercased(), galleryID: gallery, userID: user, filename: name ?? sample,
            fileSize: bytes.count)
        _ = try await store.objects.put(
            ObjectUpload(key: photo.s3Key, body: .bytes(bytes), contentType: "image/jpeg"), in: .photos, if: .absent)
        var record = photo.record(urls: target.urls, now: store.clock.now)
        record.attributes.merge(attributes) { $1 }
        try await target.insert(record)
        return PhotoRef(id: photo.id, galleryID: gallery)
    }

    func upload(count: Int, gallery: String = "g") async throws -> [PhotoRef] {
        var photos: [PhotoRef] = []
        for number in 1...count { photos.append(try await upload(as: "\(number).jpg", gallery: gallery)) }
        return photos
    }

    /// Renders everything that is owed.
    func renderAll(_ settings: [String: String] = [:]) async throws {
        let end = try await run("worker", "--drain", settings: settings)
        try #require(end.status == 0, "\(end.errors.suffix(1000))")
    }

    /// Does something while a worker renders what is queued.
    func withFleet<Result>(_ body: () async throws -> Result) async throws -> Result {
        let worker = try start("worker")
        defer { worker.signal(SIGKILL) }
        let result = try await body()
        worker.signal(SIGTERM)
        _ = try await worker.wait()
        return result
    }

    func record(_ photo: PhotoRef) async throws -> PhotoRecord {
        try #require(try await store.records.record(photo.id))
    }

    /// How often something happened to a photo.
    func count(_ kind: JobEvent.Kind, of photo: PhotoRef) async throws -> Int {
        try await store.queue.history(photo.id).count { $0.kind == kind }
    }

    func key(_ photo: PhotoRef, _ size: RenditionSize, _ format: RenditionFormat = .jpeg) async throws -> String {
        let record = try await record(photo)
        return ObjectKeys.rendition(galleryID: record.galleryID, originalKey: record.s3Key, size: size, format: format)
    }

    /// Takes attributes out of a record.
    func remove(_ names: [String], from photo: PhotoRef) async throws {
        let record = try await record(photo)
        let change = RecordCommit(
            photoID: photo.id, s3Key: record.s3Key, fence: record.fence, set: [:], remove: names, status: record.status)
        guard case .committed = try await store.records.commit(change) else {
            throw NeverSo(what: "a field is removed")
        }
    }
}

/// What `rerender --json` and `verify --json` print.
struct BatchLines {
    /// The lines but for the last.
    let lines: [[String: Any]]
    let summary: [String: Any]

    init(_ output: String) throws {
        let all = try Renditions.reports(output)
        summary = all.compactMap { $0["summary"] as? [String: Any] }.last ?? [:]
        lines = all.filter { $0["summary"] == nil }
    }

    func photos(_ outcome: String = "done") -> [String] {
        lines.filter { $0["outcome"] as? String == outcome }.compactMap { $0["photo"] as? String }
    }
}
