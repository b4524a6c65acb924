import RenditionCore

/// Opens an original by what its format calls for: libvips, libheif, LibRaw or ffmpeg.
enum LoadStep {
    /// Reads the header without decoding a pixel.
    ///
    /// - Throws: A ``RenditionError`` for what can't be shown, a ``VipsError`` for what libvips can't open.
    static func probe(
        _ bytes: UnsafeRawBufferPointer, _ format: OriginalFormat, _ limits: RenderLimits
    ) throws -> PhotoProbe {
        switch format.kind {
        case .picture: try PictureFile.probe(bytes, format, limits)
        case .raw: try RawFile.probe(bytes, format, limits)
        case .video: try VideoFile.probe(bytes, format, limits)
        }
    }

    /// Opens the pixels. They are decoded, once and from top to bottom, when a later step asks for them.
    ///
    /// - Parameter bytes: They must outlive the image.
    static func open(
        _ bytes: UnsafeRawBufferPointer, _ format: OriginalFormat, _ limits: RenderLimits
    ) throws -> OpenedOriginal {
        switch format.kind {
        case .picture: try PictureFile.open(bytes, format, limits)
        case .raw: try RawFile.open(bytes, format, limits)
        case .video: try VideoFile.open(bytes, format, limits)
        }
    }
}
