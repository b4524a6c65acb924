import RenditionCore

/// A small sRGB profile to embed: 480 bytes, where libvips' own has 6.9 KB, a third of a thumbnail.
enum CompactSRGBProfile {
    static let bytes = CompactProfile.build(
        "sRGB",
        primaries: [[0.436066, 0.222488, 0.013916], [0.385147, 0.716873, 0.097076], [0.143066, 0.060608, 0.714096]])
}

/// A small Display P3 profile: the primaries of SMPTE EG 432-1 with sRGB's white and transfer function.
enum CompactP3Profile {
    static let bytes = CompactProfile.build(
        "Display P3",
        primaries: [[0.515121, 0.241196, -0.001053], [0.291977, 0.692245, 0.041885], [0.157104, 0.066574, 0.784073]])
}

extension OutputGamut {
    /// The profile to embed.
    var profile: [UInt8] {
        switch self {
        case .srgb: CompactSRGBProfile.bytes
        case .p3: CompactP3Profile.bytes
        }
    }
}
