/// Colours that a file names by numbers instead of by a profile (ITU-T H.273, section 8), as HEIF, AVIF and PNG do.
struct CodePoints: Equatable {
    /// ColourPrimaries; 2 where the file doesn't say.
    var primaries: Int
    /// TransferCharacteristics; 2 where the file doesn't say.
    var transfer: Int

    /// The encoding, where it reaches above white.
    var dynamicRange: HighDynamicRange? {
        switch transfer {
        case 16: .pq
        case 18: .hlg
        default: nil
        }
    }

    /// A profile of these colours; nil for what is sRGB, or counts as it where the file doesn't say.
    ///
    /// - Parameter isGrey: Whether it is to be one for a single channel.
    func profile(isGrey: Bool = false) -> [UInt8]? {
        if isGrey { return curve == .sRGB ? nil : CompactProfile.grey("Grey \(transferName)", curve: curve) }
        // Nobody makes HDR with smaller primaries than these.
        let known = Self.known[primaries] ?? (dynamicRange == nil ? nil : Self.known[9])
        guard let (name, chromaticities) = known ?? Self.known[1], let colorants = chromaticities.colorants else {
            return nil
        }
        if curve == .sRGB {
            if name == "Rec. 709" { return nil }
            if name == "Display P3" { return CompactP3Profile.bytes }
        }
        return CompactProfile.build(
            curve == .sRGB ? name : "\(name) \(transferName)", primaries: colorants.primaries, curve: curve,
            adaptation: colorants.adaptation)
    }

    /// H.273, table 2.
    private static let known: [Int: (name: String, Chromaticities)] = [
        1: ("Rec. 709", Chromaticities((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))),
        5: ("PAL", Chromaticities((0.640, 0.330), (0.290, 0.600), (0.150, 0.060))),
        6: ("NTSC", Chromaticities((0.630, 0.340), (0.310, 0.595), (0.155, 0.070))),
        7: ("NTSC", Chromaticities((0.630, 0.340), (0.310, 0.595), (0.155, 0.070))),
        9: ("Rec. 2020", Chromaticities((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))),
        11: (
            "DCI-P3",
            Chromaticities((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), white: .init(x: 0.314, y: 0.351))
        ),
        12: ("Display P3", Chromaticities((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))),
    ]

    /// H.273, table 3. What was made for television (1, 6, 14, 15) is shown by browsers with sRGB's curve, and made to be.
    private var curve: CompactProfile.Curve {
        switch transfer {
        case 4: .gamma(2.2)
        case 5: .gamma(2.8)
        case 8: .gamma(1)
        default: dynamicRange.map(Self.table) ?? .sRGB
        }
    }

    private var transferName: String {
        switch transfer {
        case 4: "gamma 2.2"
        case 5: "gamma 2.8"
        case 8: "linear"
        default: dynamicRange?.rawValue ?? "sRGB"
        }
    }

    private static func table(_ range: HighDynamicRange) -> CompactProfile.Curve {
        .table((0..<4096).map { range.light(Double($0) / 4095) })
    }
}
