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
    /// Whether three channels are of the base picture's colour space. With one it makes no difference.
    var isInBaseColours = true

    /// Whether a picture can be made by them, and any writer's numbers can hold them: a map that brightens, by no more than
    /// any screen can.
    var isUsable: Bool {
        [1, 3].contains(channels.count) && (0...16).contains(baseHeadroom) && (0...16).contains(brightHeadroom)
            && brightHeadroom - baseHeadroom >= 0.001 && channels.allSatisfy(\.isUsable)
    }
}

extension GainMapParameters.Channel {
    /// A comparison with what is no number is false.
    fileprivate var isUsable: Bool {
        (-16...16).contains(min) && (-16...16).contains(max) && max >= min && (0.01...100).contains(gamma)
            && (-1...1).contains(baseOffset) && (-1...1).contains(brightOffset)
    }
}
