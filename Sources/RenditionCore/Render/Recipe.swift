/// Everything that determines the bytes of a photo's renditions, as one short hash.
///
/// Two records with the same recipe have the same renditions; this is what "already done" means.
package enum Recipe {
    /// - Parameters:
    ///   - renderer: ``PhotoRenderer/version``.
    ///   - originalETag: The original's ETag.
    package static func hash(renderer: String, sizes: [RenditionSize], originalETag: String) -> String {
        let parts =
            ["renderer \(renderer)", "original \(originalETag)"]
            + sizes.map { "\($0.name) \($0.box.width)x\($0.box.height) q\($0.quality)" }
        return String(Checksum.sha256(parts.joined(separator: "\n")).prefix(16))
    }
}
