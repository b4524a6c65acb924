import CVips
import Foundation

/// The gain maps of iPhones, which have a formula of their own (Apple, "Applying Apple HDR effect to your photos").
///
/// There, bright = base · (1 + (headroom − 1) · light of the map), and the headroom stands in the map's packet or hides in
/// two of the maker note's numbers.
enum AppleGainMap {
    static let type = "urn:com:apple:photo:2020:aux:hdrgainmap"

    /// Whether a packet describes such a map.
    static func isDescribed(by packet: XMPPacket) -> Bool {
        packet.text("apdi:AuxiliaryImageType") == type || packet.text("HDRGainMap:HDRGainMapVersion") != nil
    }

    /// How many times brighter than white the brightest can be; nil where nothing tells or nothing is.
    ///
    /// - Parameters:
    ///   - packet: The map's own.
    ///   - exif: The photo's Exif block, as a TIFF structure.
    static func headroom(_ packet: XMPPacket?, exif: [UInt8]?) -> Double? {
        let told = packet?.number("HDRGainMap:HDRGainMapHeadroom") ?? exif.flatMap(headroom)
        return told.flatMap { $0 > 1 && $0 <= 64 ? $0 : nil }
    }

    private static func headroom(_ exif: [UInt8]) -> Double? {
        exif.withUnsafeBytes { bytes in
            guard let structure = TIFFStructure(bytes) else { return nil }
            let directory = structure.directory(of: structure.main[0x8769])
            guard let entry = directory[0x927C], structure.data(entry)?.has("Apple iOS\0") == true else { return nil }
            let note = TIFFStructure(bytes, isBigEndian: true, base: entry.start, first: entry.start + 14)
            guard let first = note.number(note.main[0x0021]), let second = note.number(note.main[0x0030]) else {
                return nil
            }
            let stops =
                first < 1
                ? (second <= 0.01 ? -20 * second + 1.8 : -0.101 * second + 1.601)
                : (second <= 0.01 ? -70 * second + 3 : -0.303 * second + 2.303)
            return exp2(max(0, stops))
        }
    }

    /// Apple encodes the map by the transfer function of ITU-R BT.709 (section 1.2), 0–1.
    private static func light(of value: Double) -> Double {
        value < 0.081 ? value / 4.5 : pow((value + 0.099) / 1.099, 1 / 0.45)
    }

    /// The map in the terms of the standard: values of powers of two instead of light.
    static func converted(_ map: consuming Image, headroom: Double) throws -> GainMap {
        let range = log2(headroom)
        let table = (0...255).map { value -> UInt8 in
            let light = light(of: Double(value) / 255)
            return UInt8((255 * log2(1 + (headroom - 1) * light) / range).rounded())
        }
        let handle = table.withUnsafeBytes {
            vips_image_new_from_memory_copy($0.baseAddress, $0.count, 256, 1, 1, VIPS_FORMAT_UCHAR)
        }
        guard let handle else { throw VipsError("image_new_from_memory") }
        let operation = try Operation("maplut")
        try operation.set("in", map)
        try operation.set("lut", Image(owning: handle))
        let parameters = GainMapParameters(
            channels: [.init(min: 0, max: range, gamma: 1, baseOffset: 0, brightOffset: 0)], brightHeadroom: range)
        return GainMap(parameters: parameters, map: try operation.image().rendered())
    }
}
