import RenditionCore

/// A new photo's name in the platform, and where its original may be put for a while.
package struct UploadTicket: Sendable, Codable, Hashable {
    /// The id that the record will have.
    package var photoID: String
    /// The original's key in the photos bucket.
    package var s3Key: String
    /// For one `PUT` of the file; signed for the object store as a browser reaches it.
    package var uploadURL: String
    /// Seconds.
    package var expiresIn: Int

    private enum CodingKeys: String, CodingKey {
        case photoID = "photo_id"
        case s3Key = "s3_key"
        case uploadURL = "upload_url"
        case expiresIn = "expires_in"
    }
}
