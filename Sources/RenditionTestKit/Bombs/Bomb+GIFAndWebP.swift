extension Bomb {
    static let gifs: [Bomb] = [
        Bomb("gif-65535-square.gif", gif(65535, 65535, frames: 1), .refused("too_many_pixels")),
        Bomb("gif-frames.gif", gif(1, 1, frames: 20_001), .refused("too_many_frames")),
        Bomb("gif-9999-frames.gif", gif(1, 1, frames: 9999), .rendered),
        Bomb(
            "gif-frame-outside.gif", gif(8, 8, frames: 1, place: (60000, 60000, 60000, 60000)),
            .refused("too_many_pixels")),
        Bomb("gif-15000-square.gif", gif(15_000, 15_000, frames: 1), .refused("too_much_memory")),
        Bomb("gif-no-frames.gif", gif(8, 8, frames: 0), .refused("damaged")),
        Bomb("gif-cut.gif", Array(gif(8, 8, frames: 3).dropLast(12))),
        Bomb("gif-codes.gif", gif(3000, 3000, frames: 1, codes: [UInt8](repeating: 0xFF, count: 254))),
    ]

    private static func gif(
        _ width: Int, _ height: Int, frames: Int, place: (Int, Int, Int, Int)? = nil, codes: [UInt8] = [0x44, 0x01]
    ) -> [UInt8] {
        let place = place ?? (0, 0, width, height)
        let frame: [UInt8] =
            [0x2C] + [place.0, place.1, place.2, place.3].flatMap { Pack.little($0, 2) } + [0, 2, UInt8(codes.count)]
            + codes + [0]
        return Array("GIF89a".utf8) + Pack.little(width, 2) + Pack.little(height, 2) + [0x80, 0, 0]
            + [0, 0, 0, 255, 255, 255] + [[UInt8]](repeating: frame, count: frames).flatMap { $0 } + [0x3B]
    }

    static let webps: [Bomb] = [
        Bomb("webp-canvas.webp", webp([canvas(1 << 24, 1 << 24), still]), .refused("too_many_pixels")),
        Bomb("webp-lossless-16384-square.webp", webp([lossless(16384, 16384)]), .refused("too_much_memory")),
        Bomb("webp-lossy-16383-square.webp", webp([lossy(16383, 16383)]), .refused("too_much_memory")),
        Bomb(
            "webp-frames.webp", webp([canvas(8, 8, flags: 2)] + [[UInt8]](repeating: frame, count: 20_001)),
            .refused("too_many_frames")),
        Bomb("webp-length.webp", webp([lossy(64, 64)], length: 0xFFFF_FFF0), .refused("damaged")),
        Bomb("webp-chunk-length.webp", webp([chunk("VP8 ", [], length: 0xFFFF_FFF0)]), .refused("damaged")),
        Bomb("webp-nothing.webp", webp([]), .refused("damaged")),
    ]

    private static func webp(_ chunks: [[UInt8]], length: Int? = nil) -> [UInt8] {
        let body = Array("WEBP".utf8) + chunks.flatMap { $0 }
        return Array("RIFF".utf8) + Pack.little(length ?? body.count, 4) + body
    }

    private static func chunk(_ kind: String, _ body: [UInt8], length: Int? = nil) -> [UInt8] {
        Array(kind.utf8) + Pack.little(length ?? body.count, 4) + body + Pack.zeros(body.count % 2)
    }

    private static func canvas(_ width: Int, _ height: Int, flags: UInt8 = 0) -> [UInt8] {
        chunk("VP8X", [flags, 0, 0, 0] + Pack.little(width - 1, 3) + Pack.little(height - 1, 3))
    }

    private static func lossless(_ width: Int, _ height: Int) -> [UInt8] {
        chunk("VP8L", [0x2F] + Pack.little((width - 1) | (height - 1) << 14, 4) + Pack.zeros(40))
    }

    private static func lossy(_ width: Int, _ height: Int) -> [UInt8] {
        chunk(
            "VP8 ",
            [0x10, 0x02, 0, 0x9D, 0x01, 0x2A] + Pack.little(width, 2) + Pack.little(height, 2) + Pack.zeros(40))
    }

    private static let still = lossless(8, 8)
    private static let frame = chunk(
        "ANMF", Pack.zeros(6) + Pack.little(7, 3) + Pack.little(7, 3) + Pack.zeros(4) + still)
}
