import CVips
import RenditionCore

/// What an original carries to be shown brighter than white on screens that can.
struct GainMap: ~Copyable {
    let parameters: GainMapParameters
    /// 8 bits, one band or three, upright, in memory.
    let map: Image

    /// Finds the map of a picture.
    ///
    /// - Parameters:
    ///   - metadata: The picture's own.
    ///   - probe: The picture's own: its turn is the map's too.
    /// - Returns: nil where there is none.
    /// - Throws: A ``VipsError`` where there is one that can't be used.
    static func find(
        in bytes: UnsafeRawBufferPointer, _ format: OriginalFormat, _ metadata: OriginalMetadata, _ probe: PhotoProbe
    ) throws -> GainMap? {
        switch format {
        case .jpeg: try inJPEG(bytes, metadata, probe)
        case .heif: try inHEIF(bytes, metadata)
        case .avif where HEIFRepair.hasToneMap(bytes): throw unusable
        default: nil
        }
    }

    /// Pixels that any map may have; a larger one must not have more than its picture, or it is a bomb.
    private static let small = 4_000_000

    private static var unusable: VipsError { VipsError("gain map", "not of a kind that can be carried over") }

    private static func inHEIF(_ bytes: UnsafeRawBufferPointer, _ metadata: OriginalMetadata) throws -> GainMap? {
        guard let found = try HEIFGainMap.find(bytes) else {
            if HEIFRepair.hasToneMap(bytes) { throw unusable }
            return nil
        }
        guard let headroom = AppleGainMap.headroom(found.packet, exif: metadata.exif) else { throw unusable }
        return try AppleGainMap.converted(found.map.reference(), headroom: headroom)
    }

    private static func inJPEG(
        _ bytes: UnsafeRawBufferPointer, _ metadata: OriginalMetadata, _ probe: PhotoProbe
    ) throws -> GainMap? {
        for picture in MultiPicture.others(in: bytes) {
            let packet = MetadataBlocks.find(in: picture).xmp.flatMap { XMPPacket($0) }
            let isApple = packet.map(AppleGainMap.isDescribed) ?? false
            let standard = packet.flatMap(GainMapXMP.parameters) ?? isoParameters(in: picture)
            guard isApple || standard != nil else { continue }
            let opened = try PictureFile.open(picture, .jpeg)
            guard [1, 3].contains(opened.image.bands), opened.probe.stored.pixels <= max(probe.stored.pixels, small)
            else {
                throw unusable
            }
            let map = try OrientStep.upright(opened.image.reference(), orientation: probe.orientation).rendered()
            if let standard {
                guard standard.isUsable else { throw unusable }
                return GainMap(parameters: standard, map: map)
            }
            guard let headroom = AppleGainMap.headroom(packet, exif: metadata.exif) else { throw unusable }
            return try AppleGainMap.converted(try firstBand(map), headroom: headroom)
        }
        let isAnnounced = metadata.xmp.flatMap { XMPPacket($0) }?.text("hdrgm:Version") != nil
        if isAnnounced { throw unusable }
        return nil
    }

    private static func isoParameters(in picture: UnsafeRawBufferPointer) -> GainMapParameters? {
        var found: GainMapParameters?
        JPEGMarkers.forEach(in: picture) { segment in
            guard segment.marker == 0xE2, segment.body.starts(with: GainMapISO.label),
                let body = segment.body.part(from: GainMapISO.label.count)
            else { return }
            found = found ?? GainMapISO.parameters(body)
        }
        return found
    }

    private static func firstBand(_ image: borrowing Image) throws -> Image {
        guard image.bands > 1 else { return image.reference() }
        let operation = try Operation("extract_band")
        try operation.set("in", image)
        try operation.set("band", 0)
        return try operation.image().rendered()
    }

    /// The map's file beside a rendition: at most half its size each way, which is finer than phones write it.
    func file(for rendition: PixelSize) throws -> [UInt8] {
        let size = PixelSize(
            width: max(1, min(map.size.width, (rendition.width + 1) / 2)),
            height: max(1, min(map.size.height, (rendition.height + 1) / 2)))
        let reduced = try ResizeStep.reduce(map.reference(), to: size)
        let segments =
            JPEGSegments.segment(0xE1, GainMapXMP.label + GainMapXMP.packet(parameters))
            + JPEGSegments.segment(0xE2, GainMapISO.segment(parameters))
        return try EncodeStep.jpeg(reduced, quality: 85, segments: segments)
    }
}
