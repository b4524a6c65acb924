/// The blocks of metadata that an original's container holds, as they stand in it.
struct MetadataBlocks {
    /// The longest block that is looked at, in bytes. Larger ones hold pictures or are an attack.
    static let longest = 16 << 20

    /// The Exif block, beginning with its TIFF header. Of several the first that has one.
    private(set) var exif: [UInt8]?
    /// The XMP packet. Of several the first.
    var xmp: [UInt8]?
    /// What doesn't fit into a JPEG's first XMP packet.
    var xmpExtension: [UInt8]?
    /// The IPTC IIM data sets.
    var iptc: [UInt8]?
    /// What the camera's own directories say, which only make sense where they stand.
    var maker = MakerNote()

    /// Finds the blocks by the container's first bytes.
    static func find(in bytes: UnsafeRawBufferPointer) -> MetadataBlocks {
        var blocks = MetadataBlocks()
        if bytes.starts(with: [0xFF, 0xD8]) {
            JPEGContainer.read(bytes, into: &blocks)
        } else if bytes.starts(with: PNGContainer.signature) {
            PNGContainer.read(bytes, into: &blocks)
        } else if bytes.has("RIFF"), bytes.has("WEBP", at: 8) {
            WebPContainer.read(bytes, into: &blocks)
        } else if bytes.has("GIF8") {
            GIFContainer.read(bytes, into: &blocks)
        } else if bytes.has("ftyp", at: 4) {
            BoxContainer.read(bytes, into: &blocks)
        } else if bytes.has("FUJIFILMCCD-RAW") {
            RAFContainer.read(bytes, into: &blocks)
        } else if let structure = TIFFStructure(bytes) {
            TIFFContainer.read(structure, into: &blocks)
        }
        return blocks
    }

    /// Takes over an Exif block with whatever its container put before it, and reads its maker note.
    mutating func addExif(_ block: UnsafeRawBufferPointer) {
        guard exif == nil, block.count <= Self.longest else { return }
        // Nothing, a marker, an APP1 header and a marker, or an APP1 segment.
        let starts = [0, 6, 8, 10].filter { $0 == 0 || block.has("Exif\0", at: $0 - 6) }
        guard let start = starts.first(where: { TIFFStructure(block, at: $0) != nil }),
            let whole = block.part(from: start), let structure = TIFFStructure(whole)
        else { return }
        exif = Array(whole)
        maker.read(from: structure)
    }

    /// Takes over an Exif block that was built here.
    mutating func addExif(built block: [UInt8]?) {
        if exif == nil { exif = block }
    }

    mutating func addXMP(_ packet: UnsafeRawBufferPointer?) {
        if xmp == nil, let packet, !packet.isEmpty, packet.count <= Self.longest { xmp = Array(packet) }
    }

    mutating func addIPTC(_ records: UnsafeRawBufferPointer?) {
        if iptc == nil, let records, !records.isEmpty, records.count <= Self.longest { iptc = Array(records) }
    }

    /// Takes the IPTC records out of Photoshop's image resources (Adobe Photoshop file formats, "Image Resource Blocks").
    mutating func addPhotoshop(_ resources: UnsafeRawBufferPointer) {
        var place = 0
        while resources.has("8BIM", at: place), let identifier = resources.big(place + 4, 2),
            let name = resources.big(place + 6, 1)
        {
            // The name with its length byte, and the data, are padded to even lengths.
            let sizePlace = place + 6 + (name + 2) / 2 * 2
            guard let size = resources.big(sizePlace, 4) else { return }
            if identifier == 0x0404 { addIPTC(resources.part(sizePlace + 4, size)) }
            place = sizePlace + 4 + size + size % 2
        }
    }
}
