import Foundation

/// The record that the upload pipeline writes for a new photo, in the shape of the platform's backend.
package struct NewPhoto: Sendable {
    package let id: String
    package let galleryID: String
    package let userID: String
    package let filename: String
    package let fileSize: Int

    package init(id: String, galleryID: String, userID: String, filename: String, fileSize: Int) {
        self.id = id
        self.galleryID = galleryID
        self.userID = userID
        self.filename = filename
        self.fileSize = fileSize
    }

    package var s3Key: String { ObjectKeys.original(galleryID: galleryID, photoID: id, filename: filename) }

    /// The record with `status` processing, as it stands before any rendition exists.
    package func record(urls: PublicURLs, now: Timestamp) -> PhotoRecord {
        let url = RecordValue.string(urls.url(.photos, key: s3Key))
        let moment = RecordValue.string(now.iso8601)
        var attributes: [String: RecordValue] = [
            "id": .string(id),
            "gallery_id": .string(galleryID),
            "user_id": .string(userID),
            "filename": .string(filename),
            "original_filename": .string(filename),
            "s3_key": .string(s3Key),
            "file_size": .integer(fileSize),
            "url": url,
            "original_download_url": url,
            "title": .string(""),
            "description": .string(""),
            "tags": .list([]),
            "status": .string(PhotoStatus.processing),
            "processing_started_at": moment,
            "views": .integer(0),
            "downloads": .integer(0),
            "comments": .list([]),
            "created_at": moment,
            "updated_at": moment,
        ]
        attributes["size_mb"] = .decimal(Double(fileSize) / 1_048_576, places: 2)
        for size in RenditionSize.all {
            let key = ObjectKeys.rendition(galleryID: galleryID, originalKey: s3Key, size: size)
            let url = RecordValue.string(urls.url(.renditions, key: key))
            attributes["\(size.name)_url"] = url
            if size == .small { attributes["small_thumb_url"] = url }
        }
        return PhotoRecord(attributes: attributes)
    }
}
