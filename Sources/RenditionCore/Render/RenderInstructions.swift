/// Everything that may be chosen about a photo's renditions: by the operator, by the photographer.
///
/// Together with the original and the renderer's version it determines their bytes, so all of it goes into the
/// ``Recipe``.
package struct RenderInstructions: Sendable, Hashable, Codable {
    /// The sizes to make.
    package var sizes: [RenditionSize]
    /// How much the renditions are sharpened after they were reduced.
    package var sharpening: Sharpening
    /// The colour space of renditions whose original has colours beyond sRGB.
    package var gamut: OutputGamut
    /// What of the original's metadata the renditions carry.
    package var metadata: MetadataPolicy
    /// What becomes of the original's gain map.
    package var gainMap: GainMapChoice
    /// Further formats beside the JPEG, by the size's name.
    package var furtherFormats: [String: [RenditionFormat]]
    /// The scans of the JPEGs.
    package var scans: JPEGScans
    /// The photographer's adjustments of all their photos.
    package var adjustments: ColorAdjustments
    /// The photographer's watermark; nil for none.
    package var watermark: Watermark?

    package init(
        sizes: [RenditionSize] = RenditionSize.all, sharpening: Sharpening = .off, gamut: OutputGamut = .srgb,
        metadata: MetadataPolicy = .public, gainMap: GainMapChoice = .keep,
        furtherFormats: [String: [RenditionFormat]] = [:], scans: JPEGScans = .lean,
        adjustments: ColorAdjustments = .none, watermark: Watermark? = nil
    ) {
        self.sizes = sizes
        self.sharpening = sharpening
        self.gamut = gamut
        self.metadata = metadata
        self.gainMap = gainMap
        self.furtherFormats = furtherFormats
        self.scans = scans
        self.adjustments = adjustments
        self.watermark = watermark
    }

    /// The sizes that an original of a format gets: a film's poster is never shown large.
    package func sizes(for format: OriginalFormat) -> [RenditionSize] {
        format.kind == .video ? sizes.filter { $0.name != RenditionSize.large.name } : sizes
    }
}

/// The strength of output sharpening.
package enum Sharpening: String, Sendable, Hashable, CaseIterable, Codable {
    case off, standard, strong
}

/// The colour space that renditions may use.
package enum OutputGamut: String, Sendable, Hashable, CaseIterable, Codable {
    /// sRGB for every photo.
    case srgb
    /// Display P3 for photos whose profile reaches beyond sRGB, sRGB for all others.
    case p3
}

/// What of an original's metadata its renditions carry.
package enum MetadataPolicy: String, Sendable, Hashable, CaseIterable, Codable {
    /// Whose photo it is and how it may be used: copyright, artist, credit, usage terms. Never where it was taken, with
    /// which camera of whose, or a thumbnail of the uncropped picture.
    case `public`
    /// All that the original says, but for its thumbnail and orientation, which would be wrong.
    case full
    /// Nothing but the colour profile.
    case none
}

/// What becomes of an original's gain map, by which screens that can show it brighter than white.
package enum GainMapChoice: String, Sendable, Hashable, CaseIterable, Codable {
    /// The JPEGs of `medium` and `large` carry it, as Ultra HDR and ISO 21496-1 files do. Other viewers see the base image.
    case keep
    /// Renditions are the base image alone.
    case drop
}

/// What became of an original's gain map.
package enum GainMapFate: String, Sendable, Hashable, Codable {
    /// `medium` or `large` carries it.
    case kept
    /// The photo is shown without it: on purpose, or since it is of a kind that can't be carried over.
    case lost
}

/// A file format of renditions.
package enum RenditionFormat: String, Sendable, Hashable, CaseIterable, Codable {
    case jpeg, webp, avif

    /// The extension of the object's key.
    package var fileExtension: String { self == .jpeg ? "jpg" : rawValue }

    package var contentType: String { "image/\(rawValue)" }
}

/// In which steps a progressive JPEG is drawn while it arrives.
package enum JPEGScans: String, Sendable, Hashable, CaseIterable, Codable {
    /// Six scans, which take half the time to encode: all mean values, then ever finer detail.
    case lean
    /// libjpeg's own ten, which also refine values bit by bit.
    case standard
}

/// A photographer's adjustments; 1.0 leaves a property as it is.
package struct ColorAdjustments: Sendable, Hashable, Codable {
    package var brightness: Double
    package var contrast: Double
    package var saturation: Double

    package init(brightness: Double = 1, contrast: Double = 1, saturation: Double = 1) {
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
    }

    package static let none = ColorAdjustments()
}
