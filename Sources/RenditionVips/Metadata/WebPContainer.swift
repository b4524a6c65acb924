/// Metadata in a WebP file's chunks (RFC 9649, section 2.7.1.5).
enum WebPContainer {
    static func read(_ bytes: UnsafeRawBufferPointer, into blocks: inout MetadataBlocks) {
        var place = 12
        while let kind = bytes.part(place, 4), let length = bytes.little(place + 4, 4) {
            guard let body = bytes.part(place + 8, length) else { break }
            if kind.has("EXIF") { blocks.addExif(body) }
            if kind.has("XMP ") { blocks.addXMP(body) }
            place += 8 + length + length % 2
        }
    }
}
