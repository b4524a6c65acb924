import CVips
import RenditionCore

/// Opens pictures with the one loader that their format calls for.
///
/// libvips is never asked to guess: its sniffing runs every loader it has over a stranger's bytes.
enum PictureFile {
    /// Reads the header. Only libheif's files are decoded by opening them, so they have a way of their own.
    static func probe(
        _ bytes: UnsafeRawBufferPointer, _ format: OriginalFormat, _ limits: RenderLimits
    ) throws -> PhotoProbe {
        switch format {
        case .heif, .avif:
            try Look.verify(bytes, format, limits)
            return try HEIFFile.probe(bytes, format)
        default: return try open(bytes, format, limits).probe
        }
    }

    /// Looks at the file, then opens it.
    ///
    /// - Parameter bytes: They must outlive the image.
    static func open(
        _ bytes: UnsafeRawBufferPointer, _ format: OriginalFormat, _ limits: RenderLimits = RenderLimits()
    ) throws -> OpenedOriginal {
        try Look.verify(bytes, format, limits)
        switch format {
        case .tiff: return try TIFFFile.open(bytes)
        case .jpeg: try JPEGHeader.verify(bytes)
        case .bmp: try BMPHeader.verify(bytes)
        default: break
        }
        guard let loader = loader(for: format) else { return try HEIFFile.open(bytes, format, limits) }
        let operation = try Operation(loader)
        try operation.set("buffer", bytes: bytes)
        // ImageMagick, which decodes BMP, has no rows to hand over one by one.
        if format != .bmp { try operation.set("access", Int(VIPS_ACCESS_SEQUENTIAL.rawValue)) }
        // Anything less renders half a photo from half a file.
        try operation.set("fail-on", Int(VIPS_FAIL_ON_ERROR.rawValue))
        var image = try operation.image()
        if format == .bmp, image.hasAlpha, !BMPHeader.declaresAlpha(bytes) { image = try opaque(image) }
        let probe = PhotoProbe(
            format: format, stored: image.size, orientation: image.orientation, bytesPerPixel: image.bytesPerPixel)
        var opened = OpenedOriginal(image: image, probe: probe)
        opened.isCameraEncoded = format == .jpeg
        if format == .png { PNGFile(bytes).colour(&opened) }
        return opened
    }

    /// Without its last band.
    private static func opaque(_ image: consuming Image) throws -> Image {
        let operation = try Operation("extract_band")
        try operation.set("in", image)
        try operation.set("band", 0)
        try operation.set("n", image.bands - 1)
        return try operation.image()
    }

    /// libvips' loader; nil for what is opened in another way.
    private static func loader(for format: OriginalFormat) -> String? {
        switch format {
        case .jpeg: "jpegload_buffer"
        case .png: "pngload_buffer"
        case .webp: "webpload_buffer"
        case .gif: "gifload_buffer"
        case .svg: "svgload_buffer"
        case .bmp: "magickload_buffer"
        default: nil
        }
    }
}
