import CZlib

/// Writes PNG files byte by byte (PNG, third edition, sections 5 and 11).
enum PNGBuilder {
    /// - Parameters:
    ///   - colourType: 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha.
    ///   - rows: The packed samples of each row.
    ///   - chunks: What stands before the pixels.
    static func file(
        width: Int, height: Int, depth: Int, colourType: Int, rows: [[UInt8]], chunks: [[UInt8]] = [],
        isInterlaced: Bool = false
    ) -> [UInt8] {
        let header = big(width, 4) + big(height, 4) + [UInt8(depth), UInt8(colourType), 0, 0, isInterlaced ? 1 : 0]
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header) + chunks.flatMap { $0 }
            + chunk("IDAT", deflated(rows.flatMap { [0] + $0 })) + chunk("IEND", [])
    }

    /// A file in which all pixels are alike.
    static func flat(
        _ pixel: [UInt8], side: Int = 32, depth: Int, colourType: Int, chunks: [[UInt8]] = []
    ) -> [UInt8] {
        let samples = depth >= 8 ? side : side * depth / 8
        return file(
            width: side, height: side, depth: depth, colourType: colourType,
            rows: Array(repeating: Array(repeating: pixel, count: samples).flatMap { $0 }, count: side), chunks: chunks)
    }

    static func chunk(_ kind: String, _ body: [UInt8]) -> [UInt8] {
        let named = Array(kind.utf8) + body
        return big(body.count, 4) + named + big(Int(crc32(0, named, UInt32(named.count))), 4)
    }

    /// A `gAMA` chunk.
    static func gamma(_ value: Double) -> [UInt8] { chunk("gAMA", big(Int((value * 100_000).rounded()), 4)) }

    /// A `cHRM` chunk: x and y of white, red, green and blue.
    static func chromaticities(_ values: [Double]) -> [UInt8] {
        chunk("cHRM", values.flatMap { big(Int(($0 * 100_000).rounded()), 4) })
    }

    static func big(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(value >> (8 * $0) & 255) }
    }

    static func deflated(_ bytes: [UInt8]) -> [UInt8] {
        var length = compressBound(UInt(bytes.count))
        var packed = [UInt8](repeating: 0, count: Int(length))
        _ = compress(&packed, &length, bytes, UInt(bytes.count))
        return Array(packed.prefix(Int(length)))
    }
}
