/// Puts a photo's renditions under their stable keys so that a later claim's bytes are never replaced by an earlier's.
///
/// Each object carries the fence of the claim that wrote it. A write looks at what stands there first, stops before a
/// higher fence, and is conditional on what it saw, so that a worker which slept between looking and writing changes
/// nothing when it wakes. The first claim of all takes it for granted that nothing stands there, on the same condition.
package struct Publisher: Sendable {
    private let objects: any ObjectStore
    /// The trace that the renditions come from, as `traceparent`; nil where nobody asked for one.
    private let trace: String?
    /// How often a write that lost a race looks again before it gives up.
    private let rounds = 8

    /// A year: the URLs in records change with the bytes.
    package static let cacheControl = "public, max-age=31536000, immutable"

    package init(objects: any ObjectStore, trace: String? = nil) {
        self.objects = objects
        self.trace = trace
    }

    /// What one rendition's publication came to.
    package enum Outcome: Sendable, Hashable {
        /// Mine stands there, or the same bytes made by a later claim.
        case published
        /// A later claim has put something else there.
        case superseded(fence: Int)
    }

    /// Publishes one rendition.
    ///
    /// - Parameter isMine: Asked right before each write; false stops it.
    /// - Throws: `CancellationError` when the lease is no longer mine; a ``RenditionError`` from the store.
    package func publish(
        _ rendition: Rendition, of record: PhotoRecord, recipe: String, fence: Int, isMine: @Sendable () async -> Bool
    ) async throws -> Outcome {
        var metadata = [
            // User metadata travels in HTTP headers, which hold ASCII only.
            "original-key": Self.metadata(record.s3Key),
            "photo-id": record.id,
            "size": rendition.size.name,
            "checksum": rendition.checksum,
            "fence": String(fence),
            "recipe": recipe,
        ]
        metadata[PhotoTrace.header] = trace
        let upload = ObjectUpload(
            key: ObjectKeys.rendition(
                galleryID: record.galleryID, originalKey: record.s3Key, size: rendition.size,
                format: rendition.format),
            body: .bytes(rendition.bytes),
            contentType: rendition.format.contentType,
            cacheControl: Self.cacheControl,
            metadata: metadata)
        for round in 0..<rounds {
            // Before a photo's first claim nothing stands there, as a rule. The write's condition finds the exceptions, and
            // the look is saved for all others.
            let present = round == 0 && fence == 1 ? nil : try await objects.head(.renditions, key: upload.key)
            if Safeguard.s3Fence.isOn, let other = present?.metadata["fence"].flatMap(Int.init), other > fence {
                let sameBytes = present?.metadata["checksum"] == rendition.checksum
                return sameBytes ? .published : .superseded(fence: other)
            }
            guard await isMine() else { throw CancellationError() }
            KillPoint.write.pass()
            var condition: PutCondition = present.map { .unchanged(etag: $0.etag) } ?? .absent
            if !Safeguard.s3Fence.isOn { condition = .none }
            if case .stored = try await objects.put(upload, in: .renditions, if: condition) {
                KillPoint.publish.pass()
                return .published
            }
        }
        throw RenditionError(
            code: "contended", stage: .publish, retriable: true,
            message: "This photo is being processed twice at once. It will be tried again.",
            detail: "\(upload.key) changed \(rounds) times while it was written")
    }

    /// A key as metadata, cut where it grows beyond what S3 takes: 2 KB of all metadata, and an emoji takes 12 bytes.
    private static func metadata(_ key: String) -> String {
        var encoded = ""
        for character in key {
            let next = PublicURLs.encoded(String(character))
            guard encoded.utf8.count + next.utf8.count <= 1200 else { break }
            encoded += next
        }
        return encoded
    }
}
