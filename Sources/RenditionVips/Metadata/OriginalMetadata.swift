import RenditionCore

/// What an original's container says beside its pixels: what the record takes of it, and the blocks as they stand.
struct OriginalMetadata {
    /// For the record.
    var values = PhotoMetadata()
    /// The Exif block as a TIFF structure.
    var exif: [UInt8]?
    /// The XMP packet.
    var xmp: [UInt8]?
    /// The IPTC IIM data set records.
    var iptc: [UInt8]?

    /// Reads the metadata of any format.
    ///
    /// - Parameter image: The opened pixels, whose loader may have found blocks.
    static func read(
        _ bytes: UnsafeRawBufferPointer, _ format: OriginalFormat, opened image: borrowing Image
    ) -> OriginalMetadata {
        var blocks = MetadataBlocks.find(in: bytes)
        if blocks.exif == nil, let block = image.blob("exif-data") { block.withUnsafeBytes { blocks.addExif($0) } }
        if blocks.xmp == nil, let packet = image.blob("xmp-data") { packet.withUnsafeBytes { blocks.addXMP($0) } }
        return OriginalMetadata(blocks)
    }

    /// Reads the metadata of a file whose pixels nobody opened.
    static func read(_ bytes: UnsafeRawBufferPointer) -> OriginalMetadata {
        OriginalMetadata(MetadataBlocks.find(in: bytes))
    }

    /// What was learnt in another way.
    init(told: PhotoMetadata) { values = told }

    private init(_ blocks: MetadataBlocks) {
        exif = blocks.exif
        xmp = blocks.xmp
        iptc = blocks.iptc
        let packet = blocks.xmp.flatMap { XMPPacket($0) }
        let more = blocks.xmpExtension.flatMap { XMPPacket($0) }

        // What people wrote: XMP before IPTC before Exif, since editors of today keep the first and often forget the
        // others. What cameras wrote: Exif, then the maker note, then XMP, which is a copy at best.
        packet?.fillDescription(&values)
        more?.fillDescription(&values)
        if let iptc { IPTCRecords(iptc).fill(&values) }
        let written = values
        if let exif {
            ExifReader(exif)?.read(into: &values)
            values.copyright = written.copyright ?? values.copyright
            values.artist = written.artist ?? values.artist
            ExifGaps.fill(&values, from: exif)
        }
        values.dateTaken = values.dateTaken ?? written.dateTaken
        values.iso = values.iso ?? blocks.maker.iso
        let lens = values.lens
        values.lens = nil
        packet?.fillCamera(&values)
        more?.fillCamera(&values)
        values.lens = lens ?? values.lens ?? blocks.maker.lens
    }
}
