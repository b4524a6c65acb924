import Foundation
import NIOHTTP1
import RenditionCore

/// What the platform's backend does around a photo, for a stack on one's own machine: it gives out places for uploads, writes
/// the photos' records and keeps one photographer's settings. The records are ``NewPhoto``'s: what the platform's own backend
/// writes but for the attributes that come of a file's contents, which the worker fills in.
///
/// It knows no sessions and asks nobody who they are. All members may be called concurrently; they throw ``BackendRefusal``,
/// and a ``RenditionError`` of stage `store`.
package struct DevelopmentBackend: Sendable {
    private let store: AWSStore
    private let urls: PublicURLs
    private let endpoint: Endpoint
    private let photographer: DevelopmentPhotographer
    private let limit: Int

    /// How long an upload's URL is good for.
    private static let lifetime = Duration.seconds(900)
    /// The most bytes of a key (Amazon S3 User Guide, "Naming Amazon S3 objects").
    private static let longestKey = 1024

    /// - Parameters:
    ///   - endpoint: The object store as a browser reaches it, for which uploads are signed.
    ///   - limit: The most bytes of an original.
    package init(store: AWSStore, urls: PublicURLs, endpoint: Endpoint, limit: Int) {
        self.store = store
        self.urls = urls
        self.endpoint = endpoint
        self.limit = limit
        photographer = DevelopmentPhotographer(store: store)
    }

    // MARK: Uploads

    /// A place for a new photo's original. Nothing is written before the upload is confirmed.
    ///
    /// - Parameter bytes: As the browser knows the file.
    package func ticket(gallery: String, filename: String, bytes: Int) async throws -> UploadTicket {
        guard bytes <= limit else {
            let megabytes = bytes / 1_000_000 + (bytes % 1_000_000 == 0 ? 0 : 1)
            throw BackendRefusal(
                .unsupported,
                "This file has \(megabytes) MB, and \(limit / 1_000_000) MB is the most. Upload a smaller one."
            )
        }
        if bytes <= 0 { throw BackendRefusal(.unsupported, "This file is empty. Export it again and upload that.") }
        let photo = try photo(UUID().uuidString.lowercased(), gallery, filename, bytes)
        let url = try await RenditionAWS.store {
            try await store.s3.presign(
                .PUT, store.configuration.buckets.photos, photo.s3Key, lifetime: Self.lifetime, at: endpoint)
        }
        return UploadTicket(
            photoID: photo.id, s3Key: photo.s3Key, uploadURL: url, expiresIn: Int(Self.lifetime.seconds))
    }

    /// Writes the record of a photo whose original was uploaded. The worker finds it by its status.
    ///
    /// - Parameter photoID: The ticket's.
    /// - Returns: the record; the one that is there where the photo was confirmed before.
    package func confirm(gallery: String, photoID: String, filename: String) async throws -> PhotoRecord {
        guard let id = UUID(uuidString: photoID)?.uuidString.lowercased(), id == photoID else {
            throw BackendRefusal(.unusable, "This photo's id was not given out here. Upload the photo again.")
        }
        let key = try photo(id, gallery, filename, 0).s3Key
        guard let object = try await store.objects.head(.photos, key: key) else {
            throw BackendRefusal(.conflict, "The file has not arrived. Upload the photo again.")
        }
        try await photographer.keep(gallery: gallery)
        let record = try photo(id, gallery, filename, object.size).record(urls: urls, now: store.clock.now)
        if try await store.records.insert(record) { return record }
        guard let present = try await store.records.record(id), present.s3Key == key else {
            throw BackendRefusal(.conflict, "Another photo has this id. Upload the photo again.")
        }
        return present
    }

    private func photo(_ id: String, _ gallery: String, _ filename: String, _ bytes: Int) throws -> NewPhoto {
        try Self.check(gallery)
        let name = PathName.last(filename)
        guard !name.isEmpty, name != ".", name != "..", !name.unicodeScalars.contains(where: Self.isControl) else {
            throw BackendRefusal(.unusable, "This file has no name that can be kept. Rename it and upload it again.")
        }
        let suffix = PathName.split(name).suffix.dropFirst().lowercased()
        guard Importer.photoExtensions.contains(suffix) else {
            throw BackendRefusal(
                .unsupported,
                "\(suffix.isEmpty ? "A file without an extension" : ".\(suffix)") is no format of photos or films that is known here."
            )
        }
        let photo = NewPhoto(
            id: id, galleryID: gallery, userID: DevelopmentPhotographer.id, filename: name, fileSize: bytes)
        guard photo.s3Key.utf8.count <= Self.longestKey else {
            throw BackendRefusal(.unusable, "This file's name is too long. Rename it and upload it again.")
        }
        return photo
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.generalCategory == .control }

    private static func check(_ gallery: String) throws {
        if let problem = ObjectKeys.problem(withGalleryID: gallery) {
            throw BackendRefusal(.unusable, "This gallery's id can't be used: \(problem).")
        }
    }

    // MARK: Galleries

    /// A gallery's photos in order of upload, and the queue's rows of those that wait for something.
    package func gallery(_ gallery: String) async throws -> (photos: [PhotoRecord], jobs: [String: Job]) {
        try Self.check(gallery)
        let photos = try await store.records.gallery(gallery)
        return (photos, try await store.queue.jobs(photos.filter { $0.status != PhotoStatus.active }.map(\.id)))
    }

    /// Queues a photo again that was given up.
    package func retry(_ photoID: String) async throws {
        guard try await store.queue.redrive(photoID, after: .zero) else {
            throw BackendRefusal(.conflict, "This photo isn't one that was given up, or is being tried again already.")
        }
        store.doorbell.ring()
    }

    // MARK: The photographer

    /// How the photographer's renditions are marked.
    package func watermark() async throws -> WatermarkSettings { try await photographer.watermark() }

    /// Changes that, and queues the photographer's photos for a re-render, as the platform does. Those that wait in the queue
    /// stay where they are, since their worker reads the settings afresh; those that were given up have nothing to render.
    ///
    /// - Returns: how many were queued.
    package func change(_ watermark: WatermarkSettings) async throws -> Int {
        try watermark.check()
        try await photographer.change(watermark)
        var count = 0
        try await store.records.records(of: .user(DevelopmentPhotographer.id)) { page in
            let jobs = try await store.queue.jobs(page.map(\.id))
            for record in page where record.status != PhotoStatus.failed {
                let isNew = record.status == PhotoStatus.processing && jobs[record.id] == nil
                if isNew || jobs[record.id]?.state == .queued { continue }
                try await store.queue.enqueue(PhotoRef(id: record.id, galleryID: record.galleryID), lane: .batch)
                count += 1
            }
            return true
        }
        store.doorbell.ring()
        return count
    }
}
