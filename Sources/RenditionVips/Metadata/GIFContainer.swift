/// The XMP packet in a GIF file's application extension (XMP part 3, section 1.1.2).
enum GIFContainer {
    private static let label = "XMP DataXMP"

    static func read(_ bytes: UnsafeRawBufferPointer, into blocks: inout MetadataBlocks) {
        guard let flags = bytes.big(10, 1) else { return }
        var place = 13 + tableLength(flags)
        while let introducer = bytes.big(place, 1) {
            switch introducer {
            case 0x21:
                if bytes.big(place + 1, 1) == 0xFF, bytes.big(place + 2, 1) == 11, bytes.has(label, at: place + 3) {
                    readPacket(bytes, from: place + 14, into: &blocks)
                    return
                }
                place = skipBlocks(bytes, from: place + 2)
            case 0x2C:
                guard let flags = bytes.big(place + 9, 1) else { return }
                place = skipBlocks(bytes, from: place + 11 + tableLength(flags))
            default: return
            }
        }
    }

    private static func tableLength(_ flags: Int) -> Int { flags & 0x80 == 0 ? 0 : 3 << (flags & 7 + 1) }

    private static func skipBlocks(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var place = start
        while let length = bytes.big(place, 1) {
            place += 1 + length
            if length == 0 { break }
        }
        return place
    }

    /// The packet isn't cut into blocks; a trailer behind it (1, 255, 254 … 0, 0) leads any reader to its end.
    private static func readPacket(
        _ bytes: UnsafeRawBufferPointer, from start: Int, into blocks: inout MetadataBlocks
    ) {
        let end = skipBlocks(bytes, from: start)
        guard end - start > 258 else { return }
        blocks.addXMP(bytes.part(start, end - start - 258))
    }
}
