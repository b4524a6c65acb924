import RenditionCore

/// What a rendition carries of its original's metadata.
struct CarriedMetadata {
    /// A TIFF structure.
    var exif: [UInt8]?
    /// An XMP packet.
    var xmp: [UInt8]?
    /// IPTC IIM data sets.
    var iptc: [UInt8]?

    /// The longest that fits a JPEG's segment beside its marker, in bytes (ITU-T T.81, annex B.1.1.4).
    static let longest = 65_000

    init(_ original: OriginalMetadata, policy: MetadataPolicy) {
        switch policy {
        case .none:
            break
        case .public:
            exif = ExifWriter.block(artist: original.values.artist, copyright: original.values.copyright)
            xmp = XMPWriter.packet(original.values)
        case .full:
            exif =
                original.exif.flatMap(Self.complete)
                ?? ExifWriter.block(artist: original.values.artist, copyright: original.values.copyright)
            xmp = original.xmp.flatMap(Self.kept) ?? XMPWriter.packet(original.values)
            iptc = original.iptc.flatMap { $0.count <= Self.longest ? $0 : nil }
        }
    }

    /// The original's Exif in a block of its own: without the thumbnail, which may show what was cropped away; without the
    /// orientation, since the pixels are upright; and without the maker note, which points into its own file.
    private static func complete(_ block: [UInt8]) -> [UInt8]? {
        block.withUnsafeBytes { bytes in
            guard let structure = TIFFStructure(bytes) else { return nil }
            var main = structure.main
            let (exif, gps) = (structure.directory(of: main[0x8769]), structure.directory(of: main[0x8825]))
            main[0x0112] = nil
            let built = CompactExif.block(
                main: .init(structure: structure, directory: main), exif: .init(structure: structure, directory: exif),
                gps: .init(structure: structure, directory: gps))
            return built.flatMap { $0.count <= longest ? $0 : nil }
        }
    }

    /// The original's packet, unless it describes other pixels than these (thumbnails, a turn, a gain map) or copies the maker
    /// note.
    private static func kept(_ packet: [UInt8]) -> [UInt8]? {
        let text = String(decoding: packet, as: UTF8.self)
        let stale = [
            "xmpGImg:", "tiff:Orientation", "exif:MakerNote", "hdrgm:", "Container:Directory", "GDepth:", "GImage:",
        ]
        guard packet.count <= longest, !stale.contains(where: text.contains) else { return nil }
        return packet
    }
}
