/// What an original's header says, before any pixel is decoded.
package struct PhotoProbe: Sendable, Hashable {
    package var format: OriginalFormat
    /// The pixels as stored, before orientation.
    package var stored: PixelSize
    /// Exif orientation, 1–8.
    package var orientation: Int
    /// Bytes of one decoded pixel.
    package var bytesPerPixel: Int

    package init(format: OriginalFormat, stored: PixelSize, orientation: Int, bytesPerPixel: Int) {
        self.format = format
        self.stored = stored
        self.orientation = orientation
        self.bytesPerPixel = bytesPerPixel
    }

    /// The size of the photo as it is looked at.
    package var upright: PixelSize { orientation >= 5 ? stored.transposed : stored }

    /// The memory of all decoded pixels, in bytes.
    package var decodedBytes: Int {
        let (bytes, overflow) = stored.pixels.multipliedReportingOverflow(by: max(1, bytesPerPixel))
        return overflow ? .max : bytes
    }
}

/// One finished rendition.
package struct Rendition: Sendable {
    package var size: RenditionSize
    package var pixels: PixelSize
    /// A whole JPEG file.
    package var bytes: [UInt8]
    /// SHA-256 of the bytes.
    package var checksum: String

    package init(size: RenditionSize, pixels: PixelSize, bytes: [UInt8], checksum: String) {
        self.size = size
        self.pixels = pixels
        self.bytes = bytes
        self.checksum = checksum
    }
}

/// All that is made of one original.
package struct RenderedPhoto: Sendable {
    package var probe: PhotoProbe
    package var metadata: PhotoMetadata
    /// One for each size asked for, in that order.
    package var renditions: [Rendition]

    package init(probe: PhotoProbe, metadata: PhotoMetadata, renditions: [Rendition]) {
        self.probe = probe
        self.metadata = metadata
        self.renditions = renditions
    }
}

/// What an original may demand at most.
package struct RenderLimits: Sendable, Hashable {
    /// Pixels that a header may declare.
    package var pixels: Int
    /// Bytes of the original.
    package var bytes: Int
    /// Time for one photo's rendering.
    package var time: Duration

    package init(pixels: Int = 300_000_000, bytes: Int = 500_000_000, time: Duration = .seconds(60)) {
        self.pixels = pixels
        self.bytes = bytes
        self.time = time
    }
}

/// Turns an original's bytes into renditions.
///
/// Both members block for as long as the work takes and are meant for a ``DispatchPool``. They may be called concurrently
/// from several threads.
package protocol PhotoRenderer: Sendable {
    /// Names what determines the bytes of a rendition beside the original and the sizes, so that it goes into the recipe.
    var version: String { get }

    /// Reads the header.
    ///
    /// - Throws: A final ``RenditionError`` of stage `probe` for what can't be rendered or exceeds the limits.
    func probe(_ original: [UInt8], limits: RenderLimits) throws -> PhotoProbe

    /// Decodes once and makes all sizes.
    ///
    /// - Throws: A ``RenditionError`` of stage `probe` or `render`.
    func render(_ original: [UInt8], sizes: [RenditionSize], limits: RenderLimits) throws -> RenderedPhoto
}

extension RenditionError {
    /// A file of more bytes than the limit, wherever that is noticed.
    package static func tooLarge(bytes: Int?, limit: Int, stage: Stage) -> RenditionError {
        RenditionError(
            code: "too_large", stage: stage, retriable: false,
            message: "This photo is larger than the \(limit / 1_000_000) MB we can take. Upload a smaller file.",
            detail: bytes.map { "\($0) bytes" })
    }
}
