/// Gain maps as ISO 21496-1:2025, annex C, writes their parameters into a JPEG file's APP2 segments.
enum GainMapISO {
    /// The identifier that stands before them.
    static let label = Array("urn:iso:std:iso:ts:21496:-1\0".utf8)
    /// In the base picture stand the versions alone: the lowest that a reader must know, and the writer's.
    static let announcement: [UInt8] = label + [0, 0, 0, 0]

    private static let isMultichannel: UInt8 = 0x80
    private static let usesBaseColours: UInt8 = 0x40
    private static let hasCommonDenominator: UInt8 = 0x08
    private static let isBackward: UInt8 = 0x04

    /// - Parameter body: What follows the identifier.
    /// - Returns: nil for what isn't whole, isn't known, or describes a base picture that is the bright one.
    static func parameters(_ body: UnsafeRawBufferPointer) -> GainMapParameters? {
        guard body.big(0, 2) == 0, body.count > 5 else { return nil }
        let flags = body[4]
        guard flags & isBackward == 0 else { return nil }
        var place = 5
        func integer(signed: Bool) -> Double? {
            defer { place += 4 }
            return body.big(place, 4).map { signed ? Double(Int32(truncatingIfNeeded: $0)) : Double($0) }
        }
        let isCommon = flags & hasCommonDenominator != 0
        let common = isCommon ? integer(signed: false) : nil
        func fraction(signed: Bool = false) -> Double? {
            guard let above = integer(signed: signed), let below = isCommon ? common : integer(signed: false),
                below != 0
            else { return nil }
            return above / below
        }
        guard let base = fraction(), let bright = fraction() else { return nil }
        var channels: [GainMapParameters.Channel] = []
        for _ in 0..<(flags & isMultichannel == 0 ? 1 : 3) {
            guard let min = fraction(signed: true), let max = fraction(signed: true), let gamma = fraction(),
                let baseOffset = fraction(signed: true), let brightOffset = fraction(signed: true)
            else { return nil }
            channels.append(
                .init(min: min, max: max, gamma: gamma, baseOffset: baseOffset, brightOffset: brightOffset))
        }
        return GainMapParameters(
            channels: channels, baseHeadroom: base, brightHeadroom: bright,
            isInBaseColours: flags & usesBaseColours != 0)
    }

    /// The map's own segment body, identifier included.
    static func segment(_ parameters: GainMapParameters) -> [UInt8] {
        let flags = (parameters.channels.count == 1 ? 0 : isMultichannel) | usesBaseColours | hasCommonDenominator
        // Fine enough for numbers up to 2000 in 32 bits with a sign.
        let common = 1_000_000.0
        func number(_ value: Double) -> [UInt8] {
            let scaled = Swift.min(Double(Int32.max), Swift.max(Double(Int32.min), (value * common).rounded()))
            return bytes(UInt32(bitPattern: Int32(scaled)))
        }
        var body: [UInt8] = [0, 0, 0, 0, flags]
        body += bytes(UInt32(common)) + number(parameters.baseHeadroom) + number(parameters.brightHeadroom)
        for channel in parameters.channels {
            body += number(channel.min) + number(channel.max) + number(channel.gamma)
            body += number(channel.baseOffset) + number(channel.brightOffset)
        }
        return label + body
    }

    private static func bytes(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian, Array.init) }
}
