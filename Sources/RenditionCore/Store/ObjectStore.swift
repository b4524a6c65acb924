/// What the store knows of an object without reading it.
package struct ObjectInfo: Sendable, Hashable {
    package var key: String
    /// Bytes.
    package var size: Int
    /// Changes whenever the object is written.
    package var etag: String
    package var contentType: String
    package var cacheControl: String?
    /// User metadata; names in lower case.
    package var metadata: [String: String]

    package init(
        key: String, size: Int, etag: String, contentType: String, cacheControl: String? = nil,
        metadata: [String: String] = [:]
    ) {
        self.key = key
        self.size = size
        self.etag = etag
        self.contentType = contentType
        self.cacheControl = cacheControl
        self.metadata = metadata
    }
}

/// What a listing tells of an object.
package struct ListedObject: Sendable, Hashable {
    package var key: String
    /// Bytes.
    package var size: Int
    /// When it was written, by the store's time to the second at least.
    package var modified: Timestamp

    package init(key: String, size: Int, modified: Timestamp) {
        self.key = key
        self.size = size
        self.modified = modified
    }
}

/// The bytes of an upload: in memory, or in a file that is streamed.
package enum ObjectBody: Sendable {
    case bytes([UInt8])
    /// The path of a local file.
    case file(String)
}

/// An object to be written.
package struct ObjectUpload: Sendable {
    package var key: String
    package var body: ObjectBody
    package var contentType: String
    package var cacheControl: String?
    package var metadata: [String: String]

    package init(
        key: String, body: ObjectBody, contentType: String, cacheControl: String? = nil,
        metadata: [String: String] = [:]
    ) {
        self.key = key
        self.body = body
        self.contentType = contentType
        self.cacheControl = cacheControl
        self.metadata = metadata
    }
}

/// What must hold of the object under a key for a write to happen (RFC 9110, sections 13.1.1 and 13.1.2).
package enum PutCondition: Sendable, Hashable {
    case none
    /// `If-None-Match: *`: nothing stands there.
    case absent
    /// `If-Match`: what stands there has this ETag.
    case unchanged(etag: String)
}

/// What became of a conditional write.
package enum PutOutcome: Sendable, Hashable {
    case stored(ObjectInfo)
    /// Somebody else wrote or removed the object in between; nothing was changed.
    case conditionFailed
}

/// Two buckets of objects. All members may be called concurrently.
///
/// Every member throws a ``RenditionError`` of stage `store` when the store itself is unable.
package protocol ObjectStore: Sendable {
    /// - Returns: nil where there is no such object.
    func head(_ bucket: Bucket, key: String) async throws -> ObjectInfo?

    /// Reads a whole object, with its length and checksum verified.
    ///
    /// - Parameter limit: The most bytes to read.
    /// - Returns: nil where there is no such object.
    /// - Throws: A final ``RenditionError`` `too_large` beyond the limit, a retriable `damaged` where the bytes are not
    ///   those that were stored.
    func get(_ bucket: Bucket, key: String, limit: Int) async throws -> (info: ObjectInfo, bytes: [UInt8])?

    /// Writes an object whole or not at all.
    func put(_ upload: ObjectUpload, in bucket: Bucket, if condition: PutCondition) async throws -> PutOutcome

    /// Removes an object; absent is fine.
    func delete(_ bucket: Bucket, key: String) async throws

    /// Goes through the objects whose keys begin with `prefix`, in order of the keys' bytes.
    ///
    /// - Parameter page: Is handed up to a thousand, and says whether to go on.
    func list(_ bucket: Bucket, prefix: String, _ page: ([ListedObject]) async throws -> Bool) async throws
}

extension ObjectStore {
    /// The keys that begin with `prefix`, in order of their bytes.
    package func keys(_ bucket: Bucket, prefix: String) async throws -> [String] {
        var keys: [String] = []
        try await list(bucket, prefix: prefix) { page in
            keys += page.map(\.key)
            return true
        }
        return keys
    }
}
