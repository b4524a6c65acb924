import CVips
import RenditionCore

/// Writes pixels as a rendition's JPEG file.
enum EncodeStep {
    /// - Parameters:
    ///   - image: 8-bit sRGB pixels in memory.
    ///   - segments: What the file carries beside the pixels, as ``JPEGSegments`` makes it.
    static func jpeg(_ image: borrowing Image, quality: Int, segments: [UInt8]) throws -> [UInt8] {
        let operation = try Operation("jpegsave_buffer")
        try operation.set("in", image)
        try operation.set("Q", quality)
        try operation.set("interlace", true)
        try operation.set("optimize-coding", true)
        // Nothing of the original's metadata goes out by itself.
        try operation.set("strip", true)
        return try operation.bytes { JPEGSegments.insert(segments, into: $0) }
    }
}
