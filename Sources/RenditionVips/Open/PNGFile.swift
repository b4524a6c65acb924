import Foundation

/// The colours of a PNG file that embeds no profile (PNG, third edition, section 11.3.2).
///
/// libvips takes such a file for sRGB, whatever it says of its colours. Browsers don't, and a photographer looks at a PNG in
/// one: so the chunks count here as they do there.
struct PNGFile {
    private let bytes: UnsafeRawBufferPointer
    private var chunks: [String: UnsafeRawBufferPointer] = [:]

    /// - Parameter bytes: They must outlive the value.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        var place = PNGContainer.signature.count
        // What tells of colours stands before the pixels.
        while let length = bytes.big(place, 4), let body = bytes.part(place + 8, length),
            let kind = bytes.part(place + 4, 4).map({ String(decoding: $0, as: UTF8.self) }), kind != "IDAT"
        {
            if chunks[kind] == nil { chunks[kind] = body }
            place += 12 + length
        }
    }

    /// Hangs the profile of the colours on an opened image. `cICP` goes before an embedded profile, that before `sRGB`, and that
    /// before `gAMA` and `cHRM`.
    func colour(_ opened: inout OpenedOriginal) {
        if let codePoints {
            // Nothing takes its place where the numbers name sRGB.
            opened.image.removeBlob("icc-profile-data")
            opened.colour(by: codePoints)
        } else if !opened.image.hasBlob("icc-profile-data"), chunks["sRGB"] == nil {
            opened.colour(by: measuredProfile)
        }
    }

    /// `cICP`: primaries, transfer, matrix, which must be 0 for RGB, and range, which must be 1 for full.
    private var codePoints: CodePoints? {
        guard let chunk = chunks["cICP"], chunk.count == 4, chunk[2] == 0, chunk[3] == 1 else { return nil }
        return CodePoints(primaries: Int(chunk[0]), transfer: Int(chunk[1]))
    }

    private var isGrey: Bool { chunks["IHDR"]?.big(9, 1).map { $0 & 2 == 0 } ?? false }

    /// By `gAMA`, the exponent from light to value, and `cHRM`, the primaries, both times 100000. What is missing is sRGB's.
    private var measuredProfile: [UInt8]? {
        let curve = curve
        if isGrey { return curve == .sRGB ? nil : CompactProfile.grey("Grey gamma", curve: curve) }
        let colorants = chromaticities?.colorants
        guard colorants != nil || curve != .sRGB else { return nil }
        guard let used = colorants ?? Self.sRGB.colorants else { return nil }
        return CompactProfile.build(
            "PNG gamma and primaries", primaries: used.primaries, curve: curve, adaptation: used.adaptation)
    }

    private static let sRGB = Chromaticities((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))

    /// 0.45455 is how programs write sRGB into this chunk (section 11.3.2.5); what isn't a gamma of any device is not believed.
    private var curve: CompactProfile.Curve {
        guard let value = chunks["gAMA"]?.big(0, 4).map({ Double($0) / 100_000 }), (0.1...10).contains(value),
            abs(value - 0.45455) > 0.0011
        else { return .sRGB }
        return .gamma(1 / value)
    }

    /// nil where there are none, or where they are sRGB's own.
    private var chromaticities: Chromaticities? {
        guard let chunk = chunks["cHRM"], chunk.count == 32 else { return nil }
        let values = (0..<8).compactMap { chunk.big(4 * $0, 4).map { Double($0) / 100_000 } }
        guard values.count == 8 else { return nil }
        let found = Chromaticities(
            (values[2], values[3]), (values[4], values[5]), (values[6], values[7]),
            white: .init(x: values[0], y: values[1]))
        let own = [0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06]
        return zip(values, own).allSatisfy { abs($0 - $1) < 0.0015 } ? nil : found
    }
}
