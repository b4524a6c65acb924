import CVips
import RenditionCore

/// Writes pixels as a rendition's JPEG file.
enum EncodeStep {
    /// All files of one size: the JPEG first, then the further formats.
    ///
    /// - Parameter gainMap: The gain map's file that the JPEG carries; empty for none.
    static func files(
        _ image: borrowing Image, _ size: RenditionSize, further: [RenditionFormat], scans: JPEGScans = .lean,
        segments: [UInt8], gainMap: [UInt8] = [], gamut: OutputGamut
    ) throws -> [Rendition] {
        try ([.jpeg] + further).map { format in
            let file =
                switch format {
                case .jpeg:
                    try jpeg(image, quality: size.quality, scans: scans, segments: segments, followedBy: gainMap)
                case .webp: try webp(image, jpegQuality: size.quality, gamut)
                case .avif: try avif(image, jpegQuality: size.quality, gamut)
                }
            return Rendition(size, format, image.size, file)
        }
    }

    /// WebP at the JPEG's quality less 5, which looks alike in fewer bytes.
    private static func webp(
        _ image: borrowing Image, jpegQuality: Int, _ gamut: OutputGamut
    ) throws -> [UInt8] {
        let operation = try Operation("webpsave_buffer")
        try operation.set("in", image)
        try operation.set("Q", max(1, jpegQuality - 5))
        // Higher efforts save few bytes for much time.
        try operation.set("effort", 2)
        try operation.set("strip", true)
        let size = image.size
        return try operation.bytes { WebPFile.bare($0, profile: gamut.profile, size) }
    }

    /// AVIF at the JPEG's quality less 25: AV1 reaches at 60 what JPEG does at 85. It carries no profile, since what has
    /// none is sRGB.
    private static func avif(
        _ image: borrowing Image, jpegQuality: Int, _ gamut: OutputGamut
    ) throws -> [UInt8] {
        let operation = try Operation("heifsave_buffer")
        try operation.set("in", gamut == .srgb ? image.reference() : try inSRGB(image))
        try operation.set("Q", max(1, jpegQuality - 25))
        try operation.set("compression", Int(VIPS_FOREIGN_HEIF_COMPRESSION_AV1.rawValue))
        try operation.set("effort", 1)
        try operation.set("strip", true)
        return try operation.bytes { Array($0) }
    }

    /// Display P3 brought back to sRGB.
    private static func inSRGB(_ image: borrowing Image) throws -> Image {
        let operation = try Operation("icc_transform")
        try operation.set("in", image)
        try operation.set("input-profile", "p3")
        try operation.set("output-profile", "srgb")
        try operation.set("embedded", false)
        try operation.set("intent", Int(VIPS_INTENT_RELATIVE.rawValue))
        return try operation.image()
    }

    /// - Parameters:
    ///   - image: 8-bit sRGB pixels in memory.
    ///   - segments: What the file carries beside the pixels, as ``JPEGSegments`` makes it.
    ///   - second: A second picture's file to stand behind it; empty for none.
    static func jpeg(
        _ image: borrowing Image, quality: Int, scans: JPEGScans = .lean, segments: [UInt8],
        followedBy second: [UInt8] = []
    ) throws -> [UInt8] {
        // Nothing of the original's metadata goes out by itself.
        try JPEGEncoder.encode(image, quality: quality, scans: scans) {
            JPEGSegments.insert(segments, into: $0, followedBy: second)
        }
    }
}

extension Rendition {
    init(_ size: RenditionSize, _ format: RenditionFormat, _ pixels: PixelSize, _ file: [UInt8]) {
        self.init(size: size, format: format, pixels: pixels, bytes: file, checksum: Checksum.sha256(file))
    }
}
