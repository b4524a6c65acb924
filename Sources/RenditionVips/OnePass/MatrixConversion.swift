import COnePass
import RenditionCore
import Synchronization

/// From the colours of a profile of curves and colorants to sRGB, by relative colorimetric intent (ICC.1:2022, annex F.3):
/// each channel's curve to light, a matrix over the three, sRGB's curve.
///
/// Profiles whose curves begin at no light have no black of their own, so that black-point compensation would change nothing.
final class MatrixConversion: Sendable {
    /// For each channel, the light of `OP_CODES` encoded values from 0 to 1.
    private let light: [[Float]]
    /// From the profile's primaries to sRGB's, row by row.
    private let matrix: [Float]

    /// - Returns: nil for other kinds of profiles, and for curves that begin above no light or leave what is between none
    ///   and all.
    init?(_ profile: [UInt8]) {
        guard let shape = ICCProfile.matrixShape(profile) else { return nil }
        matrix = (0..<9).map { index in
            let (row, column) = (index / 3, index % 3)
            return Float((0..<3).reduce(0.0) { $0 + ICCProfile.toSRGB[row][$1] * shape.colorants[column][$1] })
        }
        let codes = Int(OP_CODES)
        light = shape.curves.map { curve in (0..<codes).map { Float(curve(Double($0) / Double(codes - 1))) } }
        guard light.allSatisfy({ $0[0].magnitude < 1e-5 && $0.allSatisfy { (-1e-5...1.0001).contains($0) } }) else {
            return nil
        }
    }

    /// The encoded sRGB values, with 6 bits behind the point, of `OP_LIGHTS` amounts of light from 0 to 1.
    private static let encoded: [Int32] = {
        let lights = Int(OP_LIGHTS)
        return (0..<lights).map {
            Int32((SRGBCurve.encode(Double($0) / Double(lights - 1)) * 255 * 64).rounded())
        }
    }()

    /// Converts a row of pixels in place.
    func convert(
        _ luma: UnsafeMutablePointer<Int16>, _ blue: UnsafeMutablePointer<Int16>, _ red: UnsafeMutablePointer<Int16>,
        count: Int
    ) {
        light[0].withUnsafeBufferPointer { first in
            light[1].withUnsafeBufferPointer { second in
                light[2].withUnsafeBufferPointer { third in
                    matrix.withUnsafeBufferPointer { matrix in
                        Self.encoded.withUnsafeBufferPointer { encoded in
                            var conversion = op_conversion(
                                light: (first.baseAddress, second.baseAddress, third.baseAddress),
                                matrix: matrix.baseAddress, encoded: encoded.baseAddress)
                            op_convert(&conversion, luma, blue, red, Int32(count))
                        }
                    }
                }
            }
        }
    }

    // MARK: Reuse

    private static let known = Mutex<[[UInt8]: MatrixConversion]>([:])

    /// A conversion that was made before, or else now: a camera's photos have one profile. Any thread may ask.
    static func of(_ profile: [UInt8]) -> MatrixConversion? {
        if let found = known.withLock({ $0[profile] }) { return found }
        guard let made = MatrixConversion(profile) else { return nil }
        // One that is padded with other things isn't worth its room.
        guard profile.count <= 65536 else { return made }
        known.withLock { known in
            if known.count >= 16 { known.removeAll() }
            known[profile] = made
        }
        return made
    }
}
