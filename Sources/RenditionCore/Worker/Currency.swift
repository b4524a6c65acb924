/// Whether a photo's stored renditions are those that would be made now.
package struct Currency: Sendable {
    private let objects: any ObjectStore
    private let renderer: String

    /// - Parameter renderer: ``PhotoRenderer/version``.
    package init(objects: any ObjectStore, renderer: String) {
        self.objects = objects
        self.renderer = renderer
    }

    /// What a look at a photo came to.
    package struct Look: Sendable {
        /// The recipe by which it would be rendered now; nil where nobody looked, or the original isn't there.
        package var recipe: String?
        /// Whether nothing is left to be rendered.
        package var isCurrent = false
        /// Objects that were asked for.
        package var heads = 0
    }

    /// Looks at the original and, where its recipe is the record's, at each rendition up to the first that isn't what the
    /// record says. Nothing is downloaded. A photo that owes renditions is looked at no further.
    package func look(_ record: PhotoRecord, _ instructions: RenderInstructions) async throws -> Look {
        var look = Look()
        guard !PhotoStatus.workersOwn.contains(record.status), let stored = record.recipe else { return look }
        look.heads = 1
        look.recipe = try await recipe(of: record, instructions)
        guard look.recipe == stored else { return look }
        for rendition in ExpectedRendition.all(of: record, instructions) {
            look.heads += 1
            let present = try await objects.head(.renditions, key: rendition.key)
            guard let checksum = record["\(rendition.name)_checksum"], present?.metadata["checksum"] == checksum else {
                return look
            }
        }
        look.isCurrent = true
        return look
    }

    /// The recipe by which a photo would be rendered now; nil where its original isn't there.
    package func recipe(of record: PhotoRecord, _ instructions: RenderInstructions) async throws -> String? {
        guard let original = try await objects.head(.photos, key: record.s3Key) else { return nil }
        return Recipe.hash(renderer: renderer, instructions: instructions, originalETag: original.etag)
    }
}
