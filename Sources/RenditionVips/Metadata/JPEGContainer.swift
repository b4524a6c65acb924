/// Metadata in a JPEG file's application segments (Exif 2.32, section 4.5.4; XMP part 3, section 1.1.3).
enum JPEGContainer {
    private static let extended = "http://ns.adobe.com/xmp/extension/\0"

    static func read(_ bytes: UnsafeRawBufferPointer, into blocks: inout MetadataBlocks) {
        var photoshop: [UInt8] = []
        var parts: [(offset: Int, part: UnsafeRawBufferPointer)] = []
        var extensionID: [UInt8]?
        var place = 2
        while let marker = bytes.big(place, 2) {
            // Some writers leave bytes between segments. The next 0xFF goes on, as every decoder does.
            if marker == 0xFFFF || marker >> 8 != 0xFF {
                place += 1
                continue
            }
            // Behind the start of scan there are only pixels.
            if marker == 0xFFDA || marker == 0xFFD9 { break }
            if marker == 0xFF01 || (0xFFD0...0xFFD8).contains(marker) {
                place += 2
                continue
            }
            guard let length = bytes.big(place + 2, 2), length >= 2 else { break }
            // Of a cut file, what is left.
            let body = bytes.part(place + 4, min(length - 2, bytes.count - place - 4)) ?? .init(start: nil, count: 0)
            if marker == 0xFFE1 {
                if body.has("Exif\0"), let block = body.part(from: 0) {
                    blocks.addExif(block)
                } else if body.has("http://ns.adobe.com/xap/1.0/\0") {
                    blocks.addXMP(body.part(from: 29))
                } else if body.has(extended), let head = body.part(extended.utf8.count, 40),
                    let offset = head.big(36, 4), let part = body.part(from: extended.utf8.count + 40)
                {
                    let id = Array(head.prefix(32))
                    if extensionID == nil { extensionID = id }
                    if extensionID == id { parts.append((offset, part)) }
                }
            } else if marker == 0xFFED, body.has("Photoshop 3.0\0"), let resources = body.part(from: 14) {
                // A long list continues in the next segment.
                if photoshop.count < MetadataBlocks.longest { photoshop += resources }
            }
            place += 2 + length
        }
        photoshop.withUnsafeBytes { blocks.addPhotoshop($0) }
        blocks.xmpExtension = joined(parts)
    }

    /// The parts of one extension without a gap, from its beginning on.
    private static func joined(_ parts: [(offset: Int, part: UnsafeRawBufferPointer)]) -> [UInt8]? {
        var whole: [UInt8] = []
        for (offset, part) in parts.sorted(by: { $0.offset < $1.offset }) where offset == whole.count {
            guard whole.count + part.count <= MetadataBlocks.longest else { break }
            whole += part
        }
        return whole.isEmpty ? nil : whole
    }
}
