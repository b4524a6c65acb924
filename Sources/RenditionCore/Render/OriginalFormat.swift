/// What an original is, judged by its first bytes and never by its name.
package enum OriginalFormat: String, Sendable, Codable, CaseIterable {
    case jpeg = "JPEG"
    case png = "PNG"
    case webp = "WEBP"
    case tiff = "TIFF"
    case gif = "GIF"
    case heif = "HEIF"

    /// Recognises a format that can be rendered.
    ///
    /// - Throws: A final ``RenditionError`` `unsupported` or `empty` that names what was found instead.
    package static func detect(_ bytes: [UInt8]) throws -> OriginalFormat {
        if let format = rendered(bytes) { return format }
        let found = otherContent(bytes)
        throw RenditionError(
            code: bytes.isEmpty ? "empty" : "unsupported", stage: .probe, retriable: false,
            message: "This file is \(found), not a photo we can show. "
                + "Upload a JPEG, PNG, WebP, TIFF, GIF or HEIC instead.")
    }

    private static func rendered(_ bytes: [UInt8]) -> OriginalFormat? {
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        if text(bytes, at: 0, "RIFF"), text(bytes, at: 8, "WEBP") { return .webp }
        if text(bytes, at: 0, "GIF87a") || text(bytes, at: 0, "GIF89a") { return .gif }
        if isTIFF(bytes), rawMaker(bytes) == nil { return .tiff }
        if text(bytes, at: 4, "ftyp"), isHEIF(bytes) { return .heif }
        return nil
    }

    /// Classic TIFF and BigTIFF in both byte orders (TIFF 6.0, section 2).
    private static func isTIFF(_ bytes: [UInt8]) -> Bool {
        [[0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x49, 0x49, 43, 0], [0x4D, 0x4D, 0, 43]]
            .contains { bytes.starts(with: $0) }
    }

    /// Whether one of the brands of the file type box is a still image's (ISO/IEC 23008-12, section 10).
    private static func isHEIF(_ bytes: [UInt8]) -> Bool {
        let end = min(bytes.count, max(16, Int(bytes[0...3].reduce(0) { $0 << 8 | UInt32($1) } & 0xFFFF)))
        let brands = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif", "avis"]
        return stride(from: 8, to: end - 3, by: 4).contains { offset in
            offset != 12 && brands.contains { text(bytes, at: offset, $0) }
        }
    }

    /// The RAW formats that are TIFF files: their first image is a tiny preview, which must not pass for the photo.
    private static func rawMaker(_ bytes: [UInt8]) -> String? {
        if text(bytes, at: 8, "CR") { return "Canon CR2" }
        guard let tags = TIFFDirectory.firstTags(in: bytes) else { return nil }
        if tags[0xC612] != nil { return "DNG" }
        // A camera's RAW says of its first image that it is a reduced one and keeps the sensor's data in a sub-IFD.
        if tags[0x014A] != nil, let subfile = tags[0x00FE], subfile & 1 == 1 { return "camera RAW" }
        return nil
    }

    private static func otherContent(_ bytes: [UInt8]) -> String {
        let known: [(offset: Int, text: String, name: String)] = [
            (0, "%PDF", "a PDF"), (0, "PK\u{3}\u{4}", "a ZIP archive"), (0, "BM", "a BMP image"),
            (0, "8BPS", "a Photoshop document"), (0, "FUJIFILMCCD-RAW", "a Fujifilm RAW file"),
            (0, "IIU\u{0}", "a Panasonic RAW file"), (0, "IIRO", "an Olympus RAW file"),
            (4, "ftypcrx", "a Canon CR3 RAW file"),
            (4, "ftypqt", "a QuickTime video"), (4, "ftyp", "a video"), (0, "\u{1A}E", "a Matroska or WebM video"),
            (0, "RIFF", "an AVI video or a sound"), (0, "<svg", "an SVG drawing"), (0, "<?xml", "an XML document"),
            (0, "<!DOCTYPE", "a web page"), (0, "<html", "a web page"),
        ]
        if bytes.isEmpty { return "an empty file" }
        if isTIFF(bytes), let maker = rawMaker(bytes) { return "a RAW file (\(maker))" }
        if let match = known.first(where: { text(bytes, at: $0.offset, $0.text) }) { return match.name }
        if bytes.allSatisfy({ $0 == 0 }) { return "nothing but zeros" }
        return "of an unknown kind"
    }

    private static func text(_ bytes: [UInt8], at offset: Int, _ text: String) -> Bool {
        bytes.count >= offset + text.utf8.count && bytes[offset...].starts(with: text.utf8)
    }
}
