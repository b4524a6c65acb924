/// A change to a photo's record that only happens while the record is still the one that was rendered.
package struct RecordCommit: Sendable {
    package var photoID: String
    /// The original as it was when the work began.
    package var s3Key: String
    /// The claim's fence; a record with a higher one belongs to a later claim.
    package var fence: Int
    /// Attributes to set; `status` isn't among them.
    package var set: [String: RecordValue]
    /// Attributes to remove.
    package var remove: [String]
    /// What `status` becomes where it is the worker's to change; other values stay as they are.
    package var status: String

    package init(
        photoID: String, s3Key: String, fence: Int, set: [String: RecordValue], remove: [String],
        status: String
    ) {
        self.photoID = photoID
        self.s3Key = s3Key
        self.fence = fence
        self.set = set
        self.remove = remove
        self.status = status
    }
}

/// What became of a ``RecordCommit``.
package enum CommitOutcome: Sendable, Hashable {
    /// Written, with the record's status as it now stands.
    case committed(status: String)
    /// The record is no longer there. Records are never brought back by a commit.
    case gone
    /// The record names another original now.
    case originalReplaced
    /// A later claim has written already.
    case superseded(fence: Int)
}

/// The photos table, and what belongs to its photos' photographers. All members may be called concurrently.
///
/// Every member throws a ``RenditionError`` of stage `store` when the store itself is unable.
package protocol PhotoRecords: Sendable {
    /// Reads a record afresh, consistently with all writes before.
    func record(_ photoID: String) async throws -> PhotoRecord?

    /// The record that names an original.
    ///
    /// - Parameters:
    ///   - key: The original's whole key. The photo's id is the record's and never taken from the key.
    ///   - searching: Whether to look through the whole gallery, where a guess doesn't find it.
    func record(originalKey key: String, searching: Bool) async throws -> PhotoRecord?

    /// Inserts a record, unless there is one of that id.
    ///
    /// - Returns: false where there is one, which stays as it is.
    func insert(_ record: PhotoRecord) async throws -> Bool

    /// Applies a change under its conditions. Attributes that it doesn't name stay untouched.
    func commit(_ change: RecordCommit) async throws -> CommitOutcome

    /// The photos of a gallery in order of upload.
    func gallery(_ galleryID: String) async throws -> [PhotoRecord]

    /// Goes through the records of a scope, in no order; each is handed over once, and may have changed since.
    ///
    /// - Parameter page: Is handed some hundreds, and says whether to go on.
    func records(of scope: PhotoScope, _ page: ([PhotoRecord]) async throws -> Bool) async throws

    /// Reads a user's settings afresh, consistently with all writes before.
    ///
    /// - Parameter id: A photo's `user_id`.
    /// - Returns: nil where there is no such user.
    func photographer(_ id: String) async throws -> Photographer?
}
