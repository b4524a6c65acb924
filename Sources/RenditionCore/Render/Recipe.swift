/// Everything that determines the bytes of a photo's renditions, as one short hash.
///
/// Two records with the same recipe have the same renditions; this is what "already done" means.
package enum Recipe {
    /// - Parameters:
    ///   - renderer: ``PhotoRenderer/version``.
    ///   - originalETag: The original's ETag.
    package static func hash(renderer: String, instructions: RenderInstructions, originalETag: String) -> String {
        let parts = ["renderer \(renderer)", "original \(originalETag)"] + instructions.recipeLines
        return String(Checksum.sha256(parts.joined(separator: "\n")).prefix(16))
    }
}

extension RenderInstructions {
    /// Every instruction in a line of its own. A logo counts by its ETag.
    fileprivate var recipeLines: [String] {
        let sizes = sizes.map { size in
            let formats = (furtherFormats[size.name] ?? []).map(\.rawValue).joined(separator: " ")
            return "\(size.name) \(size.box.width)x\(size.box.height) q\(size.quality) \(formats)"
        }
        let mark = watermark.map { mark in
            // A text may hold anything, so it comes as its hash.
            "watermark \(mark.logo?.etag ?? "-") \(mark.text.map { Checksum.sha256($0) } ?? "-") "
                + "\(mark.position.rawValue) \(mark.opacity) \(mark.sizePercent)"
        }
        return sizes + [
            "sharpening \(sharpening.rawValue)", "gamut \(gamut.rawValue)", "metadata \(metadata.rawValue)",
            "gain map \(gainMap.rawValue)", "scans \(scans.rawValue)",
            "adjustments \(adjustments.brightness) \(adjustments.contrast) \(adjustments.saturation)",
            mark ?? "no watermark",
        ]
    }
}
