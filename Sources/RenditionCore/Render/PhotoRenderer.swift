/// What an original's header says, before any pixel is decoded.
package struct PhotoProbe: Sendable, Hashable, Codable {
    package var format: OriginalFormat
    /// The pixels as stored, before orientation.
    package var stored: PixelSize
    /// Exif orientation, 1–8.
    package var orientation: Int
    /// Bytes of one decoded pixel.
    package var bytesPerPixel: Int

    /// The seconds that a film lasts; nil for a photo, or where the file doesn't tell.
    package var duration: Double?

    package init(
        format: OriginalFormat, stored: PixelSize, orientation: Int, bytesPerPixel: Int, duration: Double? = nil
    ) {
        self.format = format
        self.stored = stored
        self.orientation = orientation
        self.bytesPerPixel = bytesPerPixel
        self.duration = duration
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
    package var format: RenditionFormat
    package var pixels: PixelSize
    /// A whole file of the format.
    package var bytes: [UInt8]
    /// SHA-256 of the bytes.
    package var checksum: String

    package init(
        size: RenditionSize, format: RenditionFormat = .jpeg, pixels: PixelSize, bytes: [UInt8], checksum: String
    ) {
        self.size = size
        self.format = format
        self.pixels = pixels
        self.bytes = bytes
        self.checksum = checksum
    }
}

extension Rendition {
    /// What the record's fields of this file begin with: the size's name, and for a further format that too.
    package var recordName: String { Self.recordName(size, format) }

    package static func recordName(_ size: RenditionSize, _ format: RenditionFormat) -> String {
        format == .jpeg ? size.name : "\(size.name)_\(format.rawValue)"
    }
}

/// All that is made of one original.
package struct RenderedPhoto: Sendable {
    package var probe: PhotoProbe
    package var metadata: PhotoMetadata
    /// A JPEG for each size asked for, in that order, and behind it the size's further formats.
    package var renditions: [Rendition]
    /// What stands in for the photo until it is loaded; nil where it wasn't made.
    package var sketch: PhotoSketch?
    /// How long it took.
    package var times: StageTimes

    package init(
        probe: PhotoProbe, metadata: PhotoMetadata, renditions: [Rendition], sketch: PhotoSketch? = nil,
        times: StageTimes = StageTimes()
    ) {
        self.probe = probe
        self.metadata = metadata
        self.sketch = sketch
        self.renditions = renditions
        self.times = times
    }
}

/// What an original may demand at most.
package struct RenderLimits: Sendable, Hashable, Codable {
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
    func render(_ original: [UInt8], as instructions: RenderInstructions, limits: RenderLimits) throws -> RenderedPhoto

    /// Ends what the renderer keeps running while it is idle. What it renders at the moment goes on.
    func close()
}

extension PhotoRenderer {
    package func close() {}
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
