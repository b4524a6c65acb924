import Foundation

/// A 64-bit hash of what a picture looks like: resized or recompressed, it changes few bits.
///
/// The signs of the lowest frequencies of a cosine transform of 32 × 32 grey pixels against their median (C. Zauner,
/// "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010, section 3.2.1).
enum PerceptualHash {
    static let side = 32
    /// Frequencies in each direction.
    private static let count = 8

    /// - Parameter pixels: RGB of 8 bits, 32 × 32.
    /// - Returns: Sixteen hexadecimal digits.
    static func encode(_ pixels: [UInt8]) -> String {
        // ITU-R BT.601.
        let luma = [0.299, 0.587, 0.114]
        var grey = [Double](repeating: 0, count: side * side)
        for index in grey.indices {
            for band in 0..<3 { grey[index] += luma[band] * Double(pixels[3 * index + band]) }
        }
        // First along the rows, then down the columns.
        let waves = (1...count).map { wave(Double($0)) }
        var rows: [[Double]] = []
        for row in 0..<side {
            let values = Array(grey[(row * side)..<((row + 1) * side)])
            rows.append(waves.map { product($0, values) })
        }
        var terms: [Double] = []
        for wave in waves {
            for column in 0..<count { terms.append(product(wave, rows.map { $0[column] })) }
        }
        let median = terms.sorted()[terms.count / 2]
        let bits = terms.reduce(UInt64(0)) { $0 << 1 | ($1 > median ? 1 : 0) }
        let digits = String(bits, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func wave(_ frequency: Double) -> [Double] {
        (0..<side).map { place in cos(.pi / Double(side) * frequency * (Double(place) + 0.5)) }
    }

    private static func product(_ one: [Double], _ other: [Double]) -> Double {
        zip(one, other).reduce(0) { $0 + $1.0 * $1.1 }
    }
}
