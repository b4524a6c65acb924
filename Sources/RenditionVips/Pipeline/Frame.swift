import RenditionCore

/// What one size shows: upright, in the output's colours; without sharpening or mark.
///
/// It stays on one thread.
protocol Frame: AnyObject {
    var size: RenditionSize { get }
    var pixels: PixelSize { get }

    /// As RGB of 8 bits, in memory.
    func rgb() throws -> Image

    /// As a rendition's file. A frame may be gone after it.
    ///
    /// - Parameters:
    ///   - segments: What the file carries beside the pixels, as ``JPEGSegments`` makes it.
    ///   - second: A second picture's file to stand behind it; empty for none.
    func jpeg(_ scans: JPEGScans, segments: [UInt8], followedBy second: [UInt8]) throws -> [UInt8]
}

/// A frame of libvips' making.
final class ImageFrame: Frame {
    let size: RenditionSize
    let image: Image

    init(_ size: RenditionSize, _ image: consuming Image) {
        self.size = size
        self.image = image
    }

    var pixels: PixelSize { image.size }

    func rgb() -> Image { image.reference() }

    func jpeg(_ scans: JPEGScans, segments: [UInt8], followedBy second: [UInt8]) throws -> [UInt8] {
        try EncodeStep.jpeg(image, quality: size.quality, scans: scans, segments: segments, followedBy: second)
    }
}
