import CVips
import Foundation
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
    ///   - isConverted: Whether the picture's colours will be converted, so that a map in colours no longer fits.
    /// - Returns: nil where there is none.
    /// - Throws: A ``VipsError`` where there is one that can't be used.
    static func find(
        in bytes: UnsafeRawBufferPointer, _ format: OriginalFormat, _ metadata: OriginalMetadata, _ probe: PhotoProbe,
        isConverted: Bool, _ deadline: RenderDeadline
    ) throws -> GainMap? {
        switch format {
        case .jpeg: try inJPEG(bytes, metadata, probe, isConverted: isConverted, deadline)
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
        _ bytes: UnsafeRawBufferPointer, _ metadata: OriginalMetadata, _ probe: PhotoProbe, isConverted: Bool,
        _ deadline: RenderDeadline
    ) throws -> GainMap? {
        for picture in MultiPicture.others(in: bytes) {
            let packet = MetadataBlocks.find(in: picture).xmp.flatMap { XMPPacket($0) }
            let isApple = packet.map(AppleGainMap.isDescribed) ?? false
            let standard = packet.flatMap(GainMapXMP.parameters) ?? isoParameters(in: picture)
            guard isApple || standard != nil else { continue }
            let opened = try PictureFile.open(picture, .jpeg)
            deadline.watch(opened.image)
            guard [1, 3].contains(opened.image.bands), opened.probe.stored.pixels <= max(probe.stored.pixels, small)
            else {
                throw unusable
            }
            let map = try OrientStep.upright(opened.image.reference(), orientation: probe.orientation).rendered()
            if let standard {
                guard standard.isUsable else { throw unusable }
                // One band may brighten three colours by three ranges.
                let isOfColours = standard.channels.count == 3 || map.bands == 3
                let fits = !isConverted && standard.isInBaseColours
                let found = GainMap(parameters: standard, map: map)
                return isOfColours && !fits ? try found.ofBrightness() : found
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

    /// The map of the brightness alone, by which a picture of any colour space is brightened alike.
    ///
    /// Each colour's values are brought to powers of two over the range of all three, and weighed as light is (ITU-R BT.709,
    /// section 3.2).
    private consuming func ofBrightness() throws -> GainMap {
        let channels = (0..<3).map { parameters.channels.count == 3 ? parameters.channels[$0] : parameters.channels[0] }
        let (low, high) = (channels.map(\.min).min() ?? 0, channels.map(\.max).max() ?? 0)
        let range = max(high - low, 1e-6)
        let table = (0...255).flatMap { value in
            channels.map { channel -> UInt8 in
                let power = channel.min + (channel.max - channel.min) * pow(Double(value) / 255, 1 / channel.gamma)
                return UInt8(max(0, min(255, (255 * (power - low) / range).rounded())))
            }
        }
        let handle = table.withUnsafeBytes {
            vips_image_new_from_memory_copy($0.baseAddress, $0.count, 256, 1, 3, VIPS_FORMAT_UCHAR)
        }
        guard let handle, let weights = vips_image_new_matrix_from_array(3, 1, [0.2126, 0.7152, 0.0722], 3) else {
            throw VipsError("image_new_from_memory")
        }
        let lookup = try Operation("maplut")
        try lookup.set("in", map)
        try lookup.set("lut", Image(owning: handle))
        let recomb = try Operation("recomb")
        try recomb.set("in", try lookup.image())
        try recomb.set("m", Image(owning: weights))
        let cast = try Operation("linear")
        try cast.set("in", try recomb.image())
        try cast.set("a", [1])
        // What goes to bytes is cut off, not rounded.
        try cast.set("b", [0.5])
        try cast.set("uchar", true)
        let copy = try Operation("copy")
        try copy.set("in", try cast.image())
        try copy.set("interpretation", Int(VIPS_INTERPRETATION_B_W.rawValue))
        func mean(_ value: (GainMapParameters.Channel) -> Double) -> Double {
            channels.map(value).reduce(0, +) / Double(channels.count)
        }
        let channel = GainMapParameters.Channel(
            min: low, max: high, gamma: 1, baseOffset: mean(\.baseOffset), brightOffset: mean(\.brightOffset))
        return GainMap(
            parameters: GainMapParameters(
                channels: [channel], baseHeadroom: parameters.baseHeadroom, brightHeadroom: parameters.brightHeadroom),
            map: try copy.image().rendered())
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
