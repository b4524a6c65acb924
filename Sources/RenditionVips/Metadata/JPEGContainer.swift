/// Metadata in a JPEG file's application segments (Exif 2.32, section 4.5.4; XMP part 3, section 1.1.3).
enum JPEGContainer {
    private static let extended = "http://ns.adobe.com/xmp/extension/\0"

    static func read(_ bytes: UnsafeRawBufferPointer, into blocks: inout MetadataBlocks) {
        var photoshop: [UInt8] = []
        var parts: [(offset: Int, part: UnsafeRawBufferPointer)] = []
        var extensionID: [UInt8]?
        JPEGMarkers.forEach(in: bytes) { segment in
            let body = segment.body
            if segment.marker == 0xE1 {
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
            } else if segment.marker == 0xED, body.has("Photoshop 3.0\0"), let resources = body.part(from: 14) {
                // A long list continues in the next segment.
                if photoshop.count < MetadataBlocks.longest { photoshop += resources }
            }
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
