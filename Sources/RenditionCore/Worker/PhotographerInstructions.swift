/// Adds what a photo's photographer chose to the operator's instructions.
package struct PhotographerInstructions: Sendable {
    private let store: any PhotoStore
    private let logos: LogoCache

    package init(store: any PhotoStore, logos: LogoCache) {
        self.store = store
        self.logos = logos
    }

    /// The largest logo that is taken, in bytes.
    static let logoLimit = 20_000_000

    /// The instructions for one photo, as its photographer's settings are now. They are read once a photo: a change
    /// during the rendering is followed by a re-render, as every change is.
    ///
    /// - Throws: A retriable ``RenditionError`` `watermark_missing` where the logo isn't there: nothing must be published
    ///   without it.
    package func complete(_ instructions: RenderInstructions, for record: PhotoRecord) async throws
        -> RenderInstructions
    {
        guard let id = record.userID, let photographer = try await store.records.photographer(id) else {
            return instructions
        }
        var complete = instructions
        complete.adjustments = photographer.adjustments
        if let mark = photographer.mark {
            complete.watermark = mark.watermark
            if let key = mark.logoKey { complete.watermark?.logo = try await logo(key) }
        }
        return complete
    }

    private func logo(_ key: String) async throws -> Watermark.Logo {
        guard let info = try await store.objects.head(.photos, key: key) else { throw Self.missing(key) }
        if let known = logos.logo(key, etag: info.etag) { return known }
        guard info.size <= Self.logoLimit else {
            throw RenditionError(
                code: "watermark_damaged", stage: .fetch, retriable: true,
                message: "The watermark's logo is larger than \(Self.logoLimit / 1_000_000) MB. "
                    + "Upload a smaller one in the settings.",
                detail: key)
        }
        guard let found = try await store.objects.get(.photos, key: key, limit: Self.logoLimit) else {
            throw Self.missing(key)
        }
        let logo = Watermark.Logo(etag: found.info.etag, bytes: found.bytes)
        logos.keep(logo, under: key)
        return logo
    }

    private static func missing(_ key: String) -> RenditionError {
        RenditionError(
            code: "watermark_missing", stage: .fetch, retriable: true,
            message: "The watermark's logo is not there, and photos aren't shown without it. "
                + "Upload the logo again in the settings, or turn the watermark off.",
            detail: "no object \(key)")
    }
}
