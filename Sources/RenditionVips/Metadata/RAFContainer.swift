/// Metadata in a Fujifilm RAW file: that of the JPEG in it.
enum RAFContainer {
    static func read(_ bytes: UnsafeRawBufferPointer, into blocks: inout MetadataBlocks) {
        guard let start = bytes.big(84, 4), let length = bytes.big(88, 4), let jpeg = bytes.part(start, length) else {
            return
        }
        JPEGContainer.read(jpeg, into: &blocks)
    }
}
