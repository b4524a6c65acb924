/// Metadata in a PNG file's chunks, before or behind the pixels (PNG, third edition, sections 11.3.3 and 11.3.4; the raw
/// profiles are ImageMagick's).
enum PNGContainer {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// The longest text that is unpacked, in bytes.
    private static let longest = 4 << 20
    /// More chunks than that with text are no photo's.
    private static let mostTexts = 100

    static func read(_ bytes: UnsafeRawBufferPointer, into blocks: inout MetadataBlocks) {
        var place = signature.count
        var texts = 0
        var later = MetadataBlocks()
        while let length = bytes.big(place, 4), let kind = bytes.part(place + 4, 4) {
            guard let body = bytes.part(place + 8, length) else { break }
            if kind.has("eXIf") || kind.has("zxIf") { blocks.addExif(body) }
            if kind.has("tEXt") || kind.has("zTXt") || kind.has("iTXt"), texts < mostTexts {
                texts += 1
                readText(kind, body, into: &blocks, profiles: &later)
            }
            if kind.has("IEND") { break }
            place += 12 + length
        }
        // The chunk that the standard has for it goes before the profile that ImageMagick invented.
        if blocks.exif == nil, let exif = later.exif {
            blocks.addExif(built: exif)
            blocks.maker = later.maker
        }
        if blocks.xmp == nil { blocks.xmp = later.xmp }
        if blocks.iptc == nil { blocks.iptc = later.iptc }
    }

    private static func readText(
        _ kind: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer, into blocks: inout MetadataBlocks,
        profiles: inout MetadataBlocks
    ) {
        guard let end = body.zero(from: 0, within: 80) else { return }
        let keyword = String(decoding: body.prefix(end), as: UTF8.self)
        let isXMP = keyword == "XML:com.adobe.xmp"
        let profile = keyword.hasPrefix("Raw profile type ") ? keyword.dropFirst(17).lowercased() : nil
        guard isXMP || profile != nil, let text = text(kind, body, after: end + 1) else { return }
        text.withUnsafeBytes { text in
            if isXMP { return blocks.addXMP(text) }
            guard let content = unhex(text) else { return }
            content.withUnsafeBytes { content in
                switch profile {
                case "exif", "app1":
                    let address = "http://ns.adobe.com/xap/1.0/\0"
                    if content.has(address) {
                        profiles.addXMP(content.part(from: address.utf8.count))
                    } else {
                        profiles.addExif(content)
                    }
                case "xmp": profiles.addXMP(content)
                case "iptc", "8bim":
                    if content.has("8BIM") { profiles.addPhotoshop(content) } else { profiles.addIPTC(content) }
                default: break
                }
            }
        }
    }

    private static func text(
        _ kind: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer, after start: Int
    ) -> [UInt8]? {
        if kind.has("tEXt") { return body.part(from: start).map { Array($0) } }
        if kind.has("zTXt") {
            return body.part(from: start + 1).flatMap { Inflate.bytes($0, limit: longest) }
        }
        // iTXt: a flag, a method, a language and a translated keyword.
        guard let flag = body.big(start, 1), let language = body.zero(from: start + 2, within: 256),
            let translated = body.zero(from: language + 1, within: 1024), let rest = body.part(from: translated + 1)
        else { return nil }
        return flag == 1 ? Inflate.bytes(rest, limit: longest) : Array(rest)
    }

    /// A raw profile: a line with its name, one with its length, and the bytes as hexadecimal digits in lines.
    private static func unhex(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        let lines = text.split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: true)
        guard lines.count == 3 else { return nil }
        var bytes: [UInt8] = []
        var half: UInt8?
        for character in lines[2] {
            let digit: UInt8
            switch character {
            case 0x30...0x39: digit = character - 0x30
            case 0x41...0x46: digit = character - 0x41 + 10
            case 0x61...0x66: digit = character - 0x61 + 10
            default: continue
            }
            if let high = half {
                bytes.append(high << 4 | digit)
                half = nil
            } else {
                half = digit
            }
        }
        return bytes
    }
}
