/// What rounds that never came to their commit have left under a photo's keys, for when no other round follows.
struct Leftovers: Sendable {
    let objects: any ObjectStore
    let urls: PublicURLs

    /// Removes the renditions of a photo whose record is gone: they are nobody's.
    func remove(of photo: PhotoRef) async throws {
        // A record's s3_key is gone with it. The names usually begin with the id; what an object says of itself decides.
        for key in try await objects.keys(.renditions, prefix: "renditions/\(photo.galleryID)/\(photo.id)_") {
            let present = try await objects.head(.renditions, key: key)
            if present?.metadata["photo-id"] == photo.id { try await objects.delete(.renditions, key: key) }
        }
    }

    /// What a record has to say of renditions that replaced those that it names. Which recipe they were made by isn't for
    /// certain then.
    func correct(_ change: inout RecordCommit, of record: PhotoRecord) async throws {
        for size in RenditionSize.all {
            for format in RenditionFormat.allCases {
                let name = Rendition.recordName(size, format)
                guard let told = record["\(name)_checksum"] else { continue }
                let key = ObjectKeys.rendition(
                    galleryID: record.galleryID, originalKey: record.s3Key, size: size, format: format)
                guard let present = try await objects.head(.renditions, key: key),
                    let checksum = present.metadata["checksum"], checksum != told
                else { continue }
                let url = RecordValue.string(urls.url(.renditions, key: key, version: String(checksum.prefix(8))))
                change.set["\(name)_checksum"] = .string(checksum)
                change.set["\(name)_size"] = .integer(present.size)
                change.set["\(name)_url"] = url
                if name == RenditionSize.small.name { change.set["small_thumb_url"] = url }
                // A film has no large poster of its own.
                if name == RenditionSize.medium.name, record["large_checksum"] == nil { change.set["large_url"] = url }
                change.remove = ["renditions_recipe"]
            }
        }
    }
}
