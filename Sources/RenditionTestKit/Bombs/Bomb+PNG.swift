import CZlib

extension Bomb {
    static let pngs: [Bomb] = [
        Bomb("png-95-bytes.png", png(935_820, 854_554, [chunk("IDAT", packed([0, 0]))]), .refused("too_many_pixels")),
        Bomb("png-profile-of-1-gigabyte.png", png(8, 8, [chunk("iCCP", [], length: 0x3FFF_FFFF)]), .refused("damaged")),
        Bomb("png-text-of-2-gigabytes.png", png(8, 8, [chunk("tEXt", [], length: 0x7FFF_FFFF)]), .refused("damaged")),
        Bomb("png-unknown-of-1-gigabyte.png", png(8, 8, [chunk("vpAg", [], length: 0x3FFF_FFFF)]), .refused("damaged")),
        Bomb(
            "png-packed-text.png", png(8, 8, [chunk("zTXt", Array("Comment\0\0".utf8) + flood)] + grey(8)),
            .refused("too_much_metadata")),
        Bomb(
            "png-packed-international-text.png",
            png(8, 8, [chunk("iTXt", Array("XML:com.adobe.xmp\0\u{1}\0\0\0".utf8) + flood)] + grey(8)),
            .refused("too_much_metadata")),
        Bomb(
            "png-packed-profile.png", png(8, 8, [chunk("iCCP", Array("icc\0\0".utf8) + flood)] + grey(8)),
            .refused("too_much_metadata")),
        Bomb(
            "png-many-packed-texts.png",
            png(8, 8, (0..<20).map { _ in chunk("zTXt", Array("Comment\0\0".utf8) + smallFlood) } + grey(8)),
            .refused("too_much_metadata")),
        Bomb("png-packed-in-packed.png", png(8, 8, [chunk("zTXt", Array("a\0\0".utf8) + packed(flood))] + grey(8))),
        Bomb(
            "png-interlaced.png", png(17000, 17000, depth: 16, colour: 6, interlaced: true, [chunk("IDAT", flood)]),
            .refused("too_much_memory")),
        Bomb("png-100-megapixels-in-a-few-kilobytes.png", png(10_000, 10_000, grey(10_000)), .rendered),
        Bomb(
            "png-chunks.png",
            png(8, 8, [[UInt8]](repeating: chunk("tEXt", Array("a\0b".utf8)), count: 50_000) + grey(8)),
            .refused("damaged")),
        Bomb("png-cut.png", Array(png(300, 300, grey(300)).dropLast(40)), .refused("damaged")),
        Bomb("png-no-pixels.png", png(300, 300, []), .refused("damaged")),
        Bomb("png-fewer-pixels.png", png(3000, 3000, grey(30)), .refused("damaged")),
        Bomb("png-16-bits-lie.png", png(300, 300, depth: 16, colour: 6, grey(300)), .refused("damaged")),
    ]

    /// A good photo of 49 megapixels, interlaced: its decoder holds 196 MB, and what comes behind it as much again.
    package static let hungry: [UInt8] = {
        let side = 7000
        let passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
        let lengths = passes.map { left, top, across, down in
            ((side - top + down - 1) / down) * ((side - left + across - 1) / across * 4 + 1)
        }
        let pixels = chunk("IDAT", packed(Pack.zeros(lengths.reduce(0, +))))
        return png(side, side, colour: 6, interlaced: true, [pixels])
    }()

    /// 200 MB of zeros.
    private static let flood = packed(Pack.zeros(200_000_000))
    private static let smallFlood = packed(Pack.zeros(5_000_000))

    private static func grey(_ side: Int) -> [[UInt8]] { [chunk("IDAT", packed(Pack.zeros((side + 1) * side)))] }

    static func png(
        _ width: Int, _ height: Int, depth: UInt8 = 8, colour: UInt8 = 0, interlaced: Bool = false,
        _ chunks: [[UInt8]]
    ) -> [UInt8] {
        let header = Pack.big(width, 4) + Pack.big(height, 4) + [depth, colour, 0, 0, interlaced ? 1 : 0]
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header) + chunks.flatMap { $0 }
            + chunk("IEND", [])
    }

    private static func chunk(_ kind: String, _ body: [UInt8], length: Int? = nil) -> [UInt8] {
        let named = Array(kind.utf8) + body
        return Pack.big(length ?? body.count, 4) + named + Pack.big(Int(crc32(0, named, UInt32(named.count))), 4)
    }

    /// A zlib stream.
    static func packed(_ bytes: [UInt8]) -> [UInt8] {
        var length = compressBound(UInt(bytes.count))
        var packed = [UInt8](repeating: 0, count: Int(length))
        _ = compress2(&packed, &length, bytes, UInt(bytes.count), 9)
        return Array(packed.prefix(Int(length)))
    }
}
