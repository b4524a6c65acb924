import RenditionCore

/// Reads a finished file's metadata again, so that none that must not go out does.
///
/// It shares nothing with what wrote the file: a mistake there must not hide itself here.
enum ReadBackStep {
    /// - Throws: A retriable ``RenditionError`` `private_metadata` where the file holds what the policy keeps back.
    static func check(_ rendition: Rendition, against policy: MetadataPolicy) throws {
        let found =
            switch rendition.format {
            case .jpeg: JPEGReadBack(rendition.bytes, policy).violation
            case .webp: webpViolation(rendition.bytes)
            case .avif: avifViolation(rendition.bytes)
            }
        guard let found else { return }
        throw RenditionError(
            code: "private_metadata", stage: .render, retriable: true,
            message: "A rendition of this photo would have shown private data of it, so it was held back. "
                + "It will be tried again.",
            detail: "\(rendition.size.name).\(rendition.format.fileExtension) holds \(found) under the policy "
                + policy.rawValue)
    }

    /// Chunks beside the pixels and the profile (WebP Container Specification).
    private static func webpViolation(_ bytes: [UInt8]) -> String? {
        var offset = 12
        while offset + 8 <= bytes.count {
            let name = String(decoding: bytes[offset..<(offset + 4)], as: UTF8.self)
            guard ["VP8X", "ICCP", "VP8 ", "VP8L", "ALPH"].contains(name) else { return "a chunk \(name)" }
            let length = (0..<4).reduce(0) { $0 | Int(bytes[offset + 4 + $1]) << (8 * $1) }
            offset += 8 + length + length % 2
        }
        return nil
    }

    /// Items beside the picture: all are declared before the pixels.
    private static func avifViolation(_ bytes: [UInt8]) -> String? {
        let head = String(decoding: bytes.prefix(4096), as: UTF8.self)
        return ["Exif", "mime", "xmpmeta"].first { head.contains($0) }.map { "an item \($0)" }
    }
}

/// A look through the segments before the first scan of a JPEG and of the picture behind it.
private struct JPEGReadBack {
    /// What was found that must not be there; nil where all is well.
    var violation: String? { search() ?? secondViolation() }
    private let bytes: [UInt8]
    private let policy: MetadataPolicy

    init(_ bytes: [UInt8], _ policy: MetadataPolicy) {
        self.bytes = bytes
        self.policy = policy
    }

    private func search() -> String? {
        for segment in segments() {
            guard let segment else { return "a segment without an end" }
            if let found = violation(segment.marker, Array(bytes[segment.body])) { return found }
        }
        return nil
    }

    /// The segments in their order; nil in the place of one that has no end.
    private func segments() -> [(marker: UInt8, body: Range<Int>)?] {
        var found: [(marker: UInt8, body: Range<Int>)?] = []
        var offset = 2
        while offset + 4 <= bytes.count, bytes[offset] == 0xFF, bytes[offset + 1] != 0xDA {
            let length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
            let end = offset + 2 + length
            guard length >= 2, end <= bytes.count else { return found + [nil] }
            found.append((bytes[offset + 1], (offset + 4)..<end))
            offset = end
        }
        return offset + 4 <= bytes.count && bytes[offset] == 0xFF ? found : found + [nil]
    }

    /// A gain map may stand behind the picture, and nothing else: its place is the last entry of the list of pictures.
    private func secondViolation() -> String? {
        let lists = segments().compactMap { $0 }.filter {
            $0.marker == 0xE2 && Array(bytes[$0.body]).starts(with: Self.list)
        }
        guard let list = lists.first else { return nil }
        func number(_ offset: Int) -> Int { bytes[offset..<(offset + 4)].reduce(0) { $0 << 8 | Int($1) } }
        guard lists.count == 1, list.body.count == 4 + 50 + 32 else { return "a list of pictures of another kind" }
        let (length, offset) = (number(list.body.upperBound - 12), number(list.body.upperBound - 8))
        let start = list.body.lowerBound + Self.list.count + offset
        guard start + length == bytes.count, start > list.body.upperBound else { return "a picture without an end" }
        return JPEGReadBack(Array(bytes[start...]), .none).violation.map { "a gain map with \($0)" }
    }

    private static let list = Array("MPF\0".utf8)

    private func violation(_ marker: UInt8, _ body: [UInt8]) -> String? {
        func begins(_ text: String) -> Bool { body.starts(with: text.utf8) }
        switch marker {
        case 0xE0 where begins("JFIF\0"): return nil
        case 0xE2 where begins("ICC_PROFILE\0") || begins("MPF\0") || begins("urn:iso:std:iso:ts:21496:-1\0"):
            return nil
        case 0xE1 where begins("Exif\0\0") && policy != .none: return exifViolation(Array(body.dropFirst(6)))
        case 0xE1 where begins("http://ns.adobe.com/xap/1.0/\0"):
            return policy == .full ? nil : xmpViolation(body)
        case 0xED where begins("Photoshop 3.0\0") && policy == .full: return nil
        case 0xE0...0xEF, 0xFE: return "a segment \(String(marker, radix: 16))"
        default: return nil
        }
    }

    /// Tags of the first directory, and whether a second one, the thumbnail's, follows.
    private func exifViolation(_ block: [UInt8]) -> String? {
        let isLittle = block.first == 0x49
        func number(_ offset: Int, _ length: Int) -> Int? {
            guard offset >= 0, offset + length <= block.count else { return nil }
            let part = block[offset..<(offset + length)]
            return (isLittle ? Array(part.reversed()) : Array(part)).reduce(0) { $0 << 8 | Int($1) }
        }
        guard let start = number(4, 4), let count = number(start, 2) else { return "an Exif block that can't be read" }
        let tags = (0..<count).compactMap { number(start + 2 + 12 * $0, 2) }
        guard tags.count == count, number(start + 2 + 12 * count, 4) == 0 else { return "a thumbnail" }
        let (artist, copyright, orientation) = (0x013B, 0x8298, 0x0112)
        if policy == .full { return tags.contains(orientation) ? "an orientation" : nil }
        return tags.first { ![artist, copyright].contains($0) }.map { "the Exif tag 0x\(String($0, radix: 16))" }
    }

    /// Names in tags, as elements or attributes. Texts hold no "<".
    private func xmpViolation(_ body: [UInt8]) -> String? {
        let packet = String(decoding: body.drop { $0 != 0 }.dropFirst(), as: UTF8.self)
        let allowed = policy == .none ? Self.gainMapNames : Self.gainMapNames.union(Self.creditNames)
        for tag in packet.matches(of: /<[^>]*>/) {
            let unquoted = String(tag.output).replacing(/"[^"]*"/, with: "")
            for name in unquoted.matches(of: /[A-Za-z]+:[A-Za-z]+/) where !allowed.contains(String(name.output)) {
                return "the XMP name \(name.output)"
            }
        }
        return nil
    }

    /// Whose photo it is and how it may be used.
    private static let creditNames: Set<String> = [
        "rdf:Alt", "rdf:Seq", "rdf:li", "xml:lang", "xmlns:dc", "xmlns:photoshop", "xmlns:xmpRights", "dc:rights",
        "dc:creator", "photoshop:Credit", "xmpRights:Marked", "xmpRights:UsageTerms",
    ]

    /// What says of a gain map how it works and where it is, and nothing of the photo.
    private static let gainMapNames: Set<String> = [
        "x:xmpmeta", "xmlns:x", "xmlns:rdf", "rdf:RDF", "rdf:Description", "rdf:about", "rdf:Seq", "rdf:li",
        "rdf:parseType", "xmlns:hdrgm", "hdrgm:Version", "hdrgm:HDRCapacityMin", "hdrgm:HDRCapacityMax",
        "hdrgm:BaseRenditionIsHDR", "hdrgm:GainMapMin", "hdrgm:GainMapMax", "hdrgm:Gamma", "hdrgm:OffsetSDR",
        "hdrgm:OffsetHDR", "xmlns:Container", "xmlns:Item", "Container:Directory", "Container:Item", "Item:Semantic",
        "Item:Mime", "Item:Length",
    ]
}
