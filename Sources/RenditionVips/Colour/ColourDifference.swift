import Foundation

/// A colour in CIE 1976 L*a*b* under D50.
struct LabColour: Equatable {
    /// Lightness, 0–100.
    var l: Double
    var a: Double
    var b: Double
}

/// How different two colours look: CIEDE2000, where 1 is about what a trained eye can just tell (CIE 142-2001).
enum ColourDifference {
    /// The formula as Sharma, Wu and Dalal give it ("The CIEDE2000 color-difference formula: implementation notes", Color
    /// Research and Application 30, 2005), with all weights 1.
    static func between(_ one: LabColour, _ other: LabColour) -> Double {
        let (c1, c2) = (hypot(one.a, one.b), hypot(other.a, other.b))
        let mean7 = pow((c1 + c2) / 2, 7)
        let g = 0.5 * (1 - sqrt(mean7 / (mean7 + pow(25, 7))))
        let (a1, a2) = ((1 + g) * one.a, (1 + g) * other.a)
        let (chroma1, chroma2) = (hypot(a1, one.b), hypot(a2, other.b))
        let (hue1, hue2) = (hue(a1, one.b), hue(a2, other.b))

        let lightness = other.l - one.l
        let chroma = chroma2 - chroma1
        let isGrey = chroma1 * chroma2 == 0
        var turn = isGrey ? 0 : hue2 - hue1
        if turn > 180 { turn -= 360 } else if turn < -180 { turn += 360 }
        let hue = 2 * sqrt(chroma1 * chroma2) * sine(turn / 2)

        let meanL = (one.l + other.l) / 2
        let meanC = (chroma1 + chroma2) / 2
        var meanH = hue1 + hue2
        if !isGrey {
            if abs(hue1 - hue2) > 180 { meanH += meanH < 360 ? 360 : -360 }
            meanH /= 2
        }
        let t =
            1 - 0.17 * cosine(meanH - 30) + 0.24 * cosine(2 * meanH) + 0.32 * cosine(3 * meanH + 6)
            - 0.20 * cosine(4 * meanH - 63)
        let offset = pow(meanL - 50, 2)
        let weightL = 1 + 0.015 * offset / sqrt(20 + offset)
        let weightC = 1 + 0.045 * meanC
        let weightH = 1 + 0.015 * meanC * t
        let chroma7 = pow(meanC, 7)
        let rotation =
            -2 * sqrt(chroma7 / (chroma7 + pow(25, 7))) * sine(60 * exp(-pow((meanH - 275) / 25, 2)))
        let (l, c, h) = (lightness / weightL, chroma / weightC, hue / weightH)
        return sqrt(max(0, l * l + c * c + h * h + rotation * c * h))
    }

    /// Degrees, 0–360; 0 for grey.
    private static func hue(_ a: Double, _ b: Double) -> Double {
        guard a != 0 || b != 0 else { return 0 }
        let degrees = atan2(b, a) * 180 / .pi
        return degrees < 0 ? degrees + 360 : degrees
    }

    private static func sine(_ degrees: Double) -> Double { sin(degrees * .pi / 180) }

    private static func cosine(_ degrees: Double) -> Double { cos(degrees * .pi / 180) }
}
