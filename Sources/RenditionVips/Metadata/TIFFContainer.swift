/// Metadata in a TIFF file or in one of the RAW formats that are built like one: its own directories.
enum TIFFContainer {
    static func read(_ structure: TIFFStructure, into blocks: inout MetadataBlocks) {
        let main = structure.main
        let exif = structure.directory(of: main[0x8769])
        let gps = structure.directory(of: main[0x8825])
        blocks.maker.read(from: structure)
        blocks.addXMP(structure.data(main[0x02BC]))
        // Some writers declare the records as 32-bit numbers; the bytes are the same.
        blocks.addIPTC(structure.data(main[0x83BB]))
        if let resources = structure.data(main[0x8649]) { blocks.addPhotoshop(resources) }
        blocks.addExif(
            built: CompactExif.block(
                main: .init(structure: structure, directory: main), exif: .init(structure: structure, directory: exif),
                gps: .init(structure: structure, directory: gps)))
        // Panasonic keeps the maker note in the camera's own picture.
        if let jpeg = structure.data(main[0x002E]), jpeg.starts(with: [0xFF, 0xD8]) {
            var inner = MetadataBlocks()
            JPEGContainer.read(jpeg, into: &inner)
            blocks.maker.fill(from: inner.maker)
            inner.xmp?.withUnsafeBytes { blocks.addXMP($0) }
        }
    }
}
