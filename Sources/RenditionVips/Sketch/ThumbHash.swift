import Foundation

/// Encodes an opaque picture as a ThumbHash: some 25 bytes from which a browser draws a blurred likeness.
///
/// The format is Evan Wallace's (https://evanw.github.io/thumbhash/): the first terms of a cosine transform of luminance
/// and of two colour differences, four bits each.
enum ThumbHash {
    /// - Parameters:
    ///   - pixels: RGB of 8 bits, row by row.
    ///   - width: 1–100.
    ///   - height: 1–100.
    static func encode(_ pixels: [UInt8], width: Int, height: Int) -> [UInt8] {
        let count = width * height
        var (luma, yellowBlue, redGreen) = (
            [Double](repeating: 0, count: count), [Double](repeating: 0, count: count),
            [Double](repeating: 0, count: count)
        )
        for index in 0..<count {
            let (red, green, blue) = (
                Double(pixels[3 * index]) / 255, Double(pixels[3 * index + 1]) / 255,
                Double(pixels[3 * index + 2]) / 255
            )
            luma[index] = (red + green + blue) / 3
            yellowBlue[index] = (red + green) / 2 - blue
            redGreen[index] = red - green
        }
        let longest = Double(max(width, height))
        let across = max(1, Int((7 * Double(width) / longest).rounded()))
        let down = max(1, Int((7 * Double(height) / longest).rounded()))
        let l = Channel(luma, width, height, across: max(3, across), down: max(3, down))
        let p = Channel(yellowBlue, width, height, across: 3, down: 3)
        let q = Channel(redGreen, width, height, across: 3, down: 3)

        let isLandscape = width > height
        let head =
            Int((63 * l.mean).rounded()) | Int((31.5 + 31.5 * p.mean).rounded()) << 6
            | Int((31.5 + 31.5 * q.mean).rounded()) << 12 | Int((31 * l.scale).rounded()) << 18
        let tail =
            (isLandscape ? down : across) | Int((63 * p.scale).rounded()) << 3 | Int((63 * q.scale).rounded()) << 9
            | (isLandscape ? 1 << 15 : 0)
        var hash = [head & 255, head >> 8 & 255, head >> 16 & 255, tail & 255, tail >> 8 & 255].map { UInt8($0) }
        let terms = (l.terms + p.terms + q.terms).map { UInt8((15 * $0).rounded()) }
        for index in stride(from: 0, to: terms.count, by: 2) {
            hash.append(terms[index] | (index + 1 < terms.count ? terms[index + 1] << 4 : 0))
        }
        return hash
    }

    private struct Channel {
        /// The term of frequency zero.
        private(set) var mean = 0.0
        /// The largest of the other terms, which are 0–1 of it.
        private(set) var scale = 0.0
        private(set) var terms: [Double] = []

        init(_ values: [Double], _ width: Int, _ height: Int, across: Int, down: Int) {
            for y in 0..<down {
                var x = 0
                // A triangle of frequencies: the finest in both directions are left out.
                while x * down < across * (down - y) {
                    let term = Self.term(values, width, height, x, y)
                    if x == 0, y == 0 {
                        mean = term
                    } else {
                        terms.append(term)
                        scale = max(scale, abs(term))
                    }
                    x += 1
                }
            }
            let scale = scale
            if scale > 0 { terms = terms.map { 0.5 + 0.5 / scale * $0 } }
        }

        private static func term(_ values: [Double], _ width: Int, _ height: Int, _ x: Int, _ y: Int) -> Double {
            let columns = (0..<width).map { cos(.pi / Double(width) * Double(x) * (Double($0) + 0.5)) }
            var sum = 0.0
            for row in 0..<height {
                let factor = cos(.pi / Double(height) * Double(y) * (Double(row) + 0.5))
                for column in 0..<width { sum += values[row * width + column] * columns[column] * factor }
            }
            return sum / Double(width * height)
        }
    }
}
