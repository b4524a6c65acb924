/// What the first bytes of a file say it is. Nothing is read past their end, whatever they claim.
struct FileSignature: CustomStringConvertible {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    // MARK: Pictures

    var picture: OriginalFormat? {
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        if has("RIFF"), has("WEBP", at: 8) { return .webp }
        if has("GIF87a") || has("GIF89a") { return .gif }
        if isTIFF, tiffRAW == nil { return .tiff }
        if has("ftyp", at: 4) {
            if !brands.isDisjoint(with: ["avif", "avis"]) { return .avif }
            if !brands.isDisjoint(with: Self.heifBrands) { return .heif }
        }
        if isBMP { return .bmp }
        if isSVG { return .svg }
        return nil
    }

    /// The brands of still images and bursts coded with HEVC (ISO/IEC 23008-12, section 10).
    private static let heifBrands: Set<String> = [
        "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "mif2",
    ]

    /// The major and the compatible brands of the file type box (ISO/IEC 14496-12, section 4.3).
    private var brands: Set<String> {
        guard let length = number(0, 4), has("ftyp", at: 4) else { return [] }
        let end = min(bytes.count, max(16, length), 1024)
        let offsets = stride(from: 8, to: end - 3, by: 4).filter { $0 != 12 }
        return Set(offsets.map { String(decoding: bytes[$0..<($0 + 4)], as: UTF8.self) })
    }

    /// Classic TIFF and BigTIFF in both byte orders (TIFF 6.0, section 2).
    private var isTIFF: Bool {
        [[0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x49, 0x49, 43, 0], [0x4D, 0x4D, 0, 43]]
            .contains { bytes.starts(with: $0) }
    }

    /// Two letters alone would match any text that begins with them: the header's length must be one that exists.
    private var isBMP: Bool {
        guard has("BM"), bytes.count >= 18 else { return false }
        return [12, 16, 40, 52, 56, 64, 108, 124].contains(Int(bytes[14])) && bytes[15] == 0 && bytes[16] == 0
    }

    /// An XML document whose root is `svg`; a prolog and comments may stand before it.
    private var isSVG: Bool { beginsWithTag && start.contains("<svg") && !start.contains("<html") }

    private var beginsWithTag: Bool {
        start.drop { $0.isWhitespace || $0 == "\u{FEFF}" }.first == "<"
    }

    /// The first bytes as text.
    private var start: String { String(decoding: bytes.prefix(4096), as: UTF8.self) }

    // MARK: RAW files

    var raw: OriginalFormat? {
        if isTIFF { return tiffRAW }
        if has("ftyp", at: 4), brands.contains("crx ") { return .cr3 }
        if has("FUJIFILMCCD-RAW") { return .raf }
        if has("IIRO") || has("IIRS") || has("MMOR") { return .orf }
        if has("IIU\0") { return .rw2 }
        if has("HEAPCCDR", at: 6) || has("\0MRM") || has("FOVb") { return .raw }
        return nil
    }

    /// The RAW formats that are TIFF files: their first image is a tiny preview, which must not pass for the photo.
    private var tiffRAW: OriginalFormat? {
        if has("CR", at: 8) { return .cr2 }
        guard let tags = TIFFDirectory.firstTags(in: bytes) else { return nil }
        if tags[0xC612] != nil { return .dng }
        // A camera's RAW says of its first image that it is a reduced one and keeps the sensor's data in a sub-IFD; or the
        // first image is the sensor's: a colour filter array, or in a compression of its maker's.
        let isReduced = tags[0x014A] != nil && (tags[0x00FE] ?? 0) & 1 == 1
        let isSensor = tags[0x0106] == 32803 || [32767, 32769, 32770, 34713, 65535].contains(tags[0x0103] ?? 0)
        guard isReduced || isSensor else { return nil }
        let make = TIFFDirectory.make(in: bytes)?.uppercased() ?? ""
        let makers: [(String, OriginalFormat)] = [
            ("NIKON", .nef), ("SONY", .arw), ("PENTAX", .pef), ("RICOH", .pef), ("SAMSUNG", .srw),
        ]
        return makers.first { make.hasPrefix($0.0) }?.1 ?? .raw
    }

    // MARK: Videos

    var video: OriginalFormat? {
        if has("ftyp", at: 4), let major = text(8, 4) {
            if ["M4A ", "M4B ", "M4P ", "F4A "].contains(major) { return nil }
            if major == "qt  " { return .mov }
            return major.hasPrefix("M4V") ? .m4v : .mp4
        }
        // QuickTime files from before there was a file type box.
        if ["moov", "mdat", "wide", "pnot"].contains(where: { has($0, at: 4) }) { return .mov }
        if bytes.starts(with: [0x1A, 0x45, 0xDF, 0xA3]) {
            return String(decoding: bytes.prefix(64), as: UTF8.self).contains("webm") ? .webm : .mkv
        }
        if has("RIFF"), has("AVI ", at: 8) { return .avi }
        return nil
    }

    // MARK: Everything else

    /// What else it is, to end a sentence with.
    var description: String {
        if bytes.isEmpty { return "an empty file" }
        if let match = Self.others.first(where: { has($0.text, at: $0.offset) }) { return match.name }
        if bytes.starts(with: [0x1F, 0x8B]) { return "a gzip archive" }
        if bytes.starts(with: [0xD0, 0xCF, 0x11, 0xE0]) { return "an Office document" }
        if bytes.starts(with: [0xFF, 0x0A]) { return "a JPEG XL image" }
        if bytes.starts(with: [0xFF, 0x4F, 0xFF, 0x51]) { return "a JPEG 2000 image" }
        if bytes.count >= 2, bytes[0] == 0xFF, bytes[1] & 0xE6 == 0xE2 { return "a sound" }
        if beginsWithTag {
            return start.lowercased().contains("<html") ? "a web page" : "an XML document"
        }
        if bytes.allSatisfy({ $0 == 0 }) { return "nothing but zeros" }
        let isText = bytes.prefix(512).allSatisfy { $0 >= 32 && $0 != 127 || [9, 10, 13].contains($0) }
        return isText && String(validating: bytes.prefix(512).dropLast(min(3, bytes.count - 1)), as: UTF8.self) != nil
            ? "a text" : "of an unknown kind"
    }

    private static let others: [(offset: Int, text: String, name: String)] = [
        (0, "%PDF", "a PDF"), (0, "PK\u{3}\u{4}", "a ZIP archive"), (0, "Rar!", "a RAR archive"),
        (0, "7z\u{BC}", "a 7-Zip archive"), (0, "8BPS", "a Photoshop document"), (0, "8BPB", "a Photoshop document"),
        (0, "gimp xcf", "a GIMP document"), (0, "%!PS", "a PostScript document"), (0, "qoif", "a QOI image"),
        (4, "JXL ", "a JPEG XL image"), (4, "jP  ", "a JPEG 2000 image"), (0, "#?RADIANCE", "a Radiance HDR image"),
        (0, "v/1\u{1}", "an OpenEXR image"), (0, "ID3", "a sound"), (0, "fLaC", "a sound"), (0, "OggS", "an Ogg file"),
        (8, "WAVE", "a sound"), (4, "ftypM4", "a sound"), (0, "FLV", "a Flash video"), (0, "MZ", "a Windows program"),
        (0, "\u{7F}ELF", "a Linux program"), (0, "<!DOCTYPE html", "a web page"), (0, "<!doctype html", "a web page"),
        (0, "{\\rtf", "a text document"),
    ]

    // MARK: Bytes

    private func has(_ text: String, at offset: Int = 0) -> Bool {
        bytes.count >= offset + text.unicodeScalars.count
            && zip(bytes[offset...], text.unicodeScalars).allSatisfy { UInt32($0) == $1.value }
    }

    private func text(_ offset: Int, _ length: Int) -> String? {
        guard bytes.count >= offset + length else { return nil }
        return String(decoding: bytes[offset..<(offset + length)], as: UTF8.self)
    }

    /// An unsigned number, most significant byte first.
    private func number(_ offset: Int, _ length: Int) -> Int? {
        guard bytes.count >= offset + length else { return nil }
        return bytes[offset..<(offset + length)].reduce(0) { $0 << 8 | Int($1) }
    }
}
