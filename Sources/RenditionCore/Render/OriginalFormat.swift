/// What an original is, judged by its first bytes and never by its name.
package enum OriginalFormat: String, Sendable, Codable, CaseIterable {
    case jpeg = "JPEG"
    case png = "PNG"
    case webp = "WEBP"
    case tiff = "TIFF"
    case gif = "GIF"
    case heif = "HEIF"
    case avif = "AVIF"
    case bmp = "BMP"
    case svg = "SVG"

    case cr2 = "CR2"
    case cr3 = "CR3"
    case nef = "NEF"
    case arw = "ARW"
    case dng = "DNG"
    case raf = "RAF"
    case orf = "ORF"
    case rw2 = "RW2"
    case pef = "PEF"
    case srw = "SRW"
    /// A camera's RAW file of another kind.
    case raw = "RAW"

    case mp4 = "MP4"
    case mov = "MOV"
    case m4v = "M4V"
    case mkv = "MKV"
    case avi = "AVI"
    case webm = "WEBM"

    /// What it takes to get at the pixels.
    package enum Kind: Sendable {
        /// A picture, which libvips or libheif decodes.
        case picture
        /// A sensor's data, with the camera's own picture of it.
        case raw
        /// A film, of which one frame is shown.
        case video
    }

    package var kind: Kind {
        switch self {
        case .jpeg, .png, .webp, .tiff, .gif, .heif, .avif, .bmp, .svg: .picture
        case .cr2, .cr3, .nef, .arw, .dng, .raf, .orf, .rw2, .pef, .srw, .raw: .raw
        case .mp4, .mov, .m4v, .mkv, .avi, .webm: .video
        }
    }

    /// Recognises a format that can be rendered.
    ///
    /// - Throws: A final ``RenditionError`` `unsupported` or `empty` that names what was found instead.
    package static func detect(_ bytes: [UInt8]) throws -> OriginalFormat {
        let signature = FileSignature(bytes)
        if let format = signature.picture ?? signature.raw ?? signature.video { return format }
        throw RenditionError(
            code: bytes.isEmpty ? "empty" : "unsupported", stage: .probe, retriable: false,
            message: "This file is \(signature.description), not a photo or video we can show. "
                + "Upload a JPEG, PNG, WebP, TIFF, GIF, HEIC, AVIF, BMP, SVG, a camera's RAW file or a video instead.")
    }
}
