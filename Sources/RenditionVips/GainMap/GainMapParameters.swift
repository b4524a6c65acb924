/// How a brighter picture is made of a base picture and its gain map (ISO 21496-1:2025, clause 6; Adobe, "Gain map
/// specification", version 1.0).
///
/// For each colour: bright = (base + offset) · 2^(weight · (min + (max − min) · map^(1 / gamma))) − bright offset, in linear
/// light, where the weight says how much of its headroom a screen has to give.
struct GainMapParameters: Equatable {
    struct Channel: Equatable {
        /// Powers of two.
        var min = 0.0
        var max = 0.0
        var gamma = 1.0
        var baseOffset = 1.0 / 64
        var brightOffset = 1.0 / 64
    }

    /// One for all colours, or one each for red, green and blue.
    var channels: [Channel]
    /// The headroom of a screen, as a power of two, from which on the map begins to count.
    var baseHeadroom = 0.0
    /// The headroom from which on it counts in full.
    var brightHeadroom: Double

    /// Whether a picture can be made by them: finite numbers, and a map that brightens.
    var isUsable: Bool {
        let numbers = channels.flatMap { [$0.min, $0.max, $0.gamma, $0.baseOffset, $0.brightOffset] }
        return [1, 3].contains(channels.count) && (numbers + [baseHeadroom, brightHeadroom]).allSatisfy(\.isFinite)
            && channels.allSatisfy { $0.gamma > 0 && $0.max >= $0.min && abs($0.max) <= 20 && abs($0.min) <= 20 }
            && baseHeadroom >= 0 && brightHeadroom > baseHeadroom && brightHeadroom <= 20
    }
}
