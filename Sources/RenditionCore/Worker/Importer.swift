import Foundation

/// Does for a file what the platform's upload pipeline does: stores the original, inserts the record, queues the photo.
package struct Importer: Sendable {
    /// A photo that was imported.
    package struct Imported: Sendable, Codable {
        package var id: String
        package var s3Key: String
        package var filename: String

        private enum CodingKeys: String, CodingKey {
            case id
            case s3Key = "s3_key"
            case filename
        }
    }

    private let store: any PhotoStore
    private let urls: PublicURLs

    package init(store: any PhotoStore, urls: PublicURLs) {
        self.store = store
        self.urls = urls
    }

    /// Imports one file under a new id.
    ///
    /// - Parameter path: A readable file of any kind; what its bytes are is the worker's to judge.
    /// - Throws: A ``RenditionError``. Nothing of the photo remains then.
    package func importFile(
        _ path: String, bytes: Int, galleryID: String, userID: String
    ) async throws -> Imported {
        let filename = PathName.last(path)
        let photo = NewPhoto(
            id: UUID().uuidString.lowercased(), galleryID: galleryID, userID: userID, filename: filename,
            fileSize: bytes)
        _ = try await store.objects.put(
            ObjectUpload(key: photo.s3Key, body: .file(path), contentType: Self.contentType(of: filename)),
            in: .photos, if: .absent)
        do {
            try await store.submit(photo.record(urls: urls, now: store.clock.now), lane: .fresh)
        } catch {
            // Where the record stands in spite of the failure, the photo is in, and its original stays.
            if await isAbsent(photo.id) { try? await store.objects.delete(.photos, key: photo.s3Key) }
            throw error
        }
        store.doorbell.ring()
        return Imported(id: photo.id, s3Key: photo.s3Key, filename: filename)
    }

    /// Whether there is no record, for certain.
    private func isAbsent(_ photoID: String) async -> Bool {
        do {
            return try await store.records.record(photoID) == nil
        } catch {
            return false
        }
    }

    /// The file name extensions of what photographers upload, in lower case. Folders are searched for these.
    package static let photoExtensions: Set<String> = [
        "jpg", "jpeg", "png", "gif", "webp", "heic", "heif", "bmp", "tiff", "tif", "svg", "cr2", "cr3", "nef", "arw",
        "dng", "raf", "orf", "rw2", "pef", "srw", "mp4", "mov", "avi", "mkv", "m4v", "webm",
    ]

    /// The media type that a file's name suggests (IANA's registry); it is the browser's hint and not the worker's.
    static func contentType(of filename: String) -> String {
        switch PathName.split(filename).suffix.dropFirst().lowercased() {
        case "jpg", "jpeg": "image/jpeg"
        case "png": "image/png"
        case "gif": "image/gif"
        case "webp": "image/webp"
        case "heic": "image/heic"
        case "heif": "image/heif"
        case "tif", "tiff": "image/tiff"
        case "bmp": "image/bmp"
        case "svg": "image/svg+xml"
        case "mp4", "m4v": "video/mp4"
        case "mov": "video/quicktime"
        case "webm": "video/webm"
        default: "application/octet-stream"
        }
    }
}
