import CVips
import RenditionCore

/// Opens an original's bytes with the one loader that its format calls for.
///
/// libvips is never asked to guess: its sniffing runs every loader it has over a stranger's bytes.
enum LoadStep {
    /// Reads the header; pixels are decoded, once and from top to bottom, when a later step asks for them.
    ///
    /// - Parameter bytes: They must outlive the image.
    static func open(_ bytes: UnsafeRawBufferPointer, _ format: OriginalFormat) throws -> Image {
        let operation = try Operation(loader(for: format))
        try operation.set("buffer", bytes: bytes)
        try operation.set("access", Int(VIPS_ACCESS_SEQUENTIAL.rawValue))
        // Anything less renders half a photo from half a file.
        try operation.set("fail-on", Int(VIPS_FAIL_ON_ERROR.rawValue))
        return try operation.image()
    }

    private static func loader(for format: OriginalFormat) -> String {
        switch format {
        case .jpeg: "jpegload_buffer"
        case .png: "pngload_buffer"
        case .webp: "webpload_buffer"
        case .tiff: "tiffload_buffer"
        case .gif: "gifload_buffer"
        case .heif: "heifload_buffer"
        }
    }
}
