/// The colour that covers most of a picture.
enum DominantColour {
    /// - Parameter pixels: RGB of 8 bits.
    /// - Returns: `#rrggbb`: the mean of the pixels in the fullest of 4096 equal parts of the colour cube.
    static func find(_ pixels: [UInt8]) -> String {
        var counts = [Int](repeating: 0, count: 4096)
        func part(_ index: Int) -> Int {
            Int(pixels[index] >> 4) << 8 | Int(pixels[index + 1] >> 4) << 4 | Int(pixels[index + 2] >> 4)
        }
        let starts = stride(from: 0, to: pixels.count - 2, by: 3)
        for index in starts { counts[part(index)] += 1 }
        guard let fullest = counts.indices.max(by: { counts[$0] < counts[$1] }), counts[fullest] > 0 else {
            return "#000000"
        }
        var sums = [0, 0, 0]
        for index in starts where part(index) == fullest {
            for band in 0..<3 { sums[band] += Int(pixels[index + band]) }
        }
        let hex = sums.map { sum in
            let digits = String((sum + counts[fullest] / 2) / counts[fullest], radix: 16)
            return digits.count == 1 ? "0\(digits)" : digits
        }
        return "#" + hex.joined()
    }
}
