import Foundation

/// An encoding that reaches far above white (ITU-R BT.2100-2), and its way onto an ordinary screen.
enum HighDynamicRange: String {
    case pq = "PQ"
    case hlg = "HLG"

    /// The light that counts as white, such as a sheet of paper in the scene: 203 cd/m² (ITU-R BT.2408-5, section 2.1).
    static let white = 203.0

    /// The brightest light that is told from a brighter one, in cd/m²: what HLG is defined for, and what PQ is mostly made on.
    static let peak = 1000.0

    /// What a value becomes on a screen whose white is ``white``: up to two fifths of that nothing changes, above it
    /// everything is bent down so that ``peak`` ends at 1.
    ///
    /// - Parameter value: 0–1.
    /// - Returns: Light, 0–1 of the screen's white.
    func light(_ value: Double) -> Double { Self.bent(luminance(value)) / Self.white }

    /// The light of grey in cd/m².
    func luminance(_ value: Double) -> Double {
        switch self {
        case .pq: Self.decodePQ(value)
        case .hlg: Self.decodeHLG(value)
        }
    }

    /// BT.2100-2, table 4: the reference EOTF.
    private static func decodePQ(_ value: Double) -> Double {
        let root = pow(max(0, value), 1 / m2)
        return 10000 * pow(max(0, root - c1) / (c2 - c3 * root), 1 / m1)
    }

    /// Its inverse.
    private static func encodePQ(_ luminance: Double) -> Double {
        let power = pow(max(0, luminance) / 10000, m1)
        return pow((c1 + c2 * power) / (1 + c3 * power), m2)
    }

    private static let (m1, m2) = (2610.0 / 16384, 2523.0 / 4096 * 128)
    private static let (c1, c2, c3) = (3424.0 / 4096, 2413.0 / 4096 * 32, 2392.0 / 4096 * 32)

    /// BT.2100-2, table 5: the inverse OETF, then the OOTF of a display of 1000 cd/m², whose gamma is 1.2. The OOTF is made
    /// for each channel by itself, which is exact for grey.
    private static func decodeHLG(_ value: Double) -> Double {
        let (a, b, c) = (0.17883277, 0.28466892, 0.55991073)
        let scene = value <= 0.5 ? value * value / 3 : (exp((value - c) / a) + b) / 12
        return peak * pow(max(0, scene), 1.2)
    }

    /// The EETF of ITU-R BT.2390-8, section 5.4.1.1, from ``peak`` to ``white``, without a lift of the black.
    private static func bent(_ luminance: Double) -> Double {
        let source = encodePQ(peak)
        let target = encodePQ(white) / source
        let knee = 1.5 * target - 0.5
        let value = min(1, encodePQ(luminance) / source)
        guard value > knee else { return luminance }
        let t = (value - knee) / (1 - knee)
        let (t2, t3) = (t * t, t * t * t)
        let mapped = (2 * t3 - 3 * t2 + 1) * knee + (t3 - 2 * t2 + t) * (1 - knee) + (3 * t2 - 2 * t3) * target
        return decodePQ(mapped * source)
    }
}
