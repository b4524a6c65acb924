import Foundation
import RenditionCore

/// What an embedded colour profile says of itself (ICC.1:2022, sections 7 and 9).
struct ICCProfile: Equatable {
    /// The data colour space's signature, such as `RGB ` or `CMYK`.
    let space: String
    /// The name in its description tag; nil where there is none that can be read.
    let name: String?
    /// Whether converting from it to sRGB would change nothing that an eye could see.
    let isSRGB: Bool
    /// Whether it holds RGB colours that sRGB doesn't.
    let isWide: Bool

    /// - Returns: nil where the bytes are no profile.
    init?(_ bytes: [UInt8]) {
        let reader = ICCReader(bytes)
        guard bytes.count >= 132, reader.text(36, 4) == "acsp", let space = reader.text(16, 4),
            let tags = reader.tags()
        else { return nil }
        self.space = space
        name = tags["desc"].flatMap(reader.description)
        isWide = space == "RGB " && Self.reachesBeyondSRGB(tags, reader)
        isSRGB = space == "RGB " && Self.hasSRGBPrimaries(tags, reader) && Self.hasSRGBCurves(tags, reader)
    }

    /// The colorants of sRGB adapted to D50 by Bradford, as IEC 61966-2-1 profiles carry them.
    private static let primaries: [(tag: String, xyz: [Double])] = [
        ("rXYZ", [0.4361, 0.2225, 0.0139]), ("gXYZ", [0.3851, 0.7169, 0.0971]), ("bXYZ", [0.1431, 0.0606, 0.7139]),
    ]

    private static func hasSRGBPrimaries(_ tags: [String: Range<Int>], _ reader: ICCReader) -> Bool {
        primaries.allSatisfy { primary in
            guard let xyz = tags[primary.tag].flatMap(reader.xyz) else { return false }
            return zip(xyz, primary.xyz).allSatisfy { abs($0 - $1) < 0.002 }
        }
    }

    /// From XYZ under D50 to linear sRGB: the inverse of the primaries above.
    static let toSRGB = [[3.1339, -1.6169, -0.4906], [-0.9788, 1.9161, 0.0335], [0.0719, -0.2290, 1.4052]]

    /// A profile that is nothing but curves and colorants: red's, green's and blue's, the latter as XYZ under D50.
    ///
    /// - Returns: nil for any other kind, such as one whose tables count before its curves.
    static func matrixShape(_ bytes: [UInt8]) -> (curves: [(Double) -> Double], colorants: [[Double]])? {
        let reader = ICCReader(bytes)
        guard let profile = ICCProfile(bytes), profile.space == "RGB ", reader.text(20, 4) == "XYZ ",
            let tags = reader.tags(), tags.keys.allSatisfy({ !["A2B", "D2B"].contains($0.prefix(3)) })
        else { return nil }
        let curves = ["rTRC", "gTRC", "bTRC"].compactMap { tags[$0].flatMap(reader.curve) }
        let colorants = ["rXYZ", "gXYZ", "bXYZ"].compactMap { tags[$0].flatMap(reader.xyz) }
        return curves.count == 3 && colorants.count == 3 ? (curves, colorants) : nil
    }

    /// A colorant is outside sRGB where sRGB would need less than no light of a primary for it. A profile of tables names no
    /// colorants; those are printers' and cameras', and wide.
    private static func reachesBeyondSRGB(_ tags: [String: Range<Int>], _ reader: ICCReader) -> Bool {
        primaries.contains { primary in
            guard let xyz = tags[primary.tag].flatMap(reader.xyz) else { return true }
            return toSRGB.contains { row in zip(row, xyz).reduce(0) { $0 + $1.0 * $1.1 } < -0.02 }
        }
    }

    private static func hasSRGBCurves(_ tags: [String: Range<Int>], _ reader: ICCReader) -> Bool {
        ["rTRC", "gTRC", "bTRC"].allSatisfy { tag in
            guard let curve = tags[tag].flatMap(reader.curve) else { return false }
            return stride(from: 0.0, through: 1.0, by: 1.0 / 64).allSatisfy { value in
                // Half a step of eight bits, measured where the eye is: in the encoded value.
                abs(SRGBCurve.encode(curve(value)) - value) < 0.5 / 255
            }
        }
    }
}

/// The transfer function of sRGB (IEC 61966-2-1, section 4).
enum SRGBCurve {
    /// From light, 0–1, to the encoded value, 0–1.
    static func encode(_ light: Double) -> Double {
        light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055
    }

    /// From the encoded value, 0–1, to light, 0–1.
    static func decode(_ value: Double) -> Double {
        value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
}
