extension Bomb {
    static let tiffs: [Bomb] = [
        Bomb("tiff-loop.tif", tiff(next: 8), .rendered),
        Bomb("tiff-two-loop.tif", looped),
        Bomb(
            "tiff-4-thousand-million-square.tif", tiff(width: 0xFFFF_FFFF, height: 0xFFFF_FFFF),
            .refused("too_many_pixels")),
        Bomb(
            "tiff-signed-size.tif", tiff([field(256, 9, 1, 70000), field(257, 9, 1, 70000)]),
            .refused("too_many_pixels")),
        Bomb(
            "tiff-strips.tif", tiff([field(273, 4, 0x3FFF_FFFF, 8), field(279, 4, 0x3FFF_FFFF, 8)]), .refused("damaged")
        ),
        Bomb(
            "tiff-tiles.tif",
            tiff([
                field(322, 4, 1, 0x7FFF_FFF0), field(323, 4, 1, 0x7FFF_FFF0), field(324, 4, 1, 8), field(325, 4, 1, 64),
            ]), .refused("too_much_memory")),
        Bomb("tiff-samples.tif", tiff([field(277, 3, 1, 65535)]), .refused("unsupported")),
        Bomb("tiff-32-bits-lie.tif", tiff([field(258, 3, 1, 32)]), .refused("damaged")),
        Bomb("tiff-strip-beyond.tif", tiff([field(273, 4, 1, 0xFFFF_FF00)]), .refused("damaged")),
        Bomb(
            "tiff-one-strip.tif", tiff(width: 17000, height: 17000, [field(258, 3, 1, 32)]), .refused("too_much_memory")
        ),
        Bomb("tiff-deep.tif", deep, .refused("too_deep")),
        Bomb("tiff-pages.tif", pages(20_001), .refused("too_many_frames")),
        Bomb("tiff-9999-pages.tif", pages(9999), .rendered),
        Bomb(
            "tiff-large-beyond.tif", [0x49, 0x49, 43, 0, 8, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 16),
            .refused("damaged")),
        Bomb("tiff-no-directory.tif", [0x4D, 0x4D, 0, 42] + Pack.zeros(12), .refused("damaged")),
        Bomb("tiff-entries.tif", [0x49, 0x49, 42, 0, 8, 0, 0, 0, 0xFF, 0xFF] + Pack.zeros(64), .refused("damaged")),
        Bomb("tiff-packed-lie.tif", tiff([field(259, 3, 1, 8)]), .refused("damaged")),
    ]

    static func field(_ tag: Int, _ type: Int, _ count: Int, _ value: Int) -> (tag: Int, bytes: [UInt8]) {
        (tag, Pack.little(tag, 2) + Pack.little(type, 2) + Pack.little(count, 4) + Pack.little(value, 4))
    }

    /// A directory at a place, of a grey picture of 8 × 8 pixels that lies at 8.
    private static func page(
        _ width: Int, _ height: Int, _ changes: [(tag: Int, bytes: [UInt8])], next: Int
    ) -> [UInt8] {
        let usual = [
            field(256, 4, 1, width), field(257, 4, 1, height), field(258, 3, 1, 8), field(259, 3, 1, 1),
            field(262, 3, 1, 1), field(273, 4, 1, 8), field(277, 3, 1, 1), field(278, 4, 1, height),
            field(279, 4, 1, 64),
        ]
        let changed = Set(changes.map(\.tag))
        let isTiled = changed.contains(322)
        let fields = usual.filter { !changed.contains($0.tag) && !(isTiled && [273, 278, 279].contains($0.tag)) }
        let all = (fields + changes).sorted { $0.tag < $1.tag }
        return Pack.little(all.count, 2) + all.flatMap(\.bytes) + Pack.little(next, 4)
    }

    /// The pixels stand at 8 and the directory at 72; a next directory of 8 is read as 72.
    static func tiff(
        width: Int = 8, height: Int = 8, _ changes: [(tag: Int, bytes: [UInt8])] = [], next: Int = 0
    ) -> [UInt8] {
        [0x49, 0x49, 42, 0] + Pack.little(72, 4) + [UInt8](repeating: 90, count: 64)
            + page(width, height, changes, next: next == 8 ? 72 : next)
    }

    private static let looped: [UInt8] = {
        let first = tiff(next: 1000)
        return first + Pack.zeros(1000 - first.count) + page(8, 8, [], next: 72)
    }()

    private static func pages(_ count: Int) -> [UInt8] {
        let length = page(8, 8, [], next: 0).count
        let start = [0x49, 0x49, 42, 0] + Pack.little(72, 4) + [UInt8](repeating: 90, count: 64)
        return start
            + (1...count).flatMap { page(8, 8, [], next: $0 == count ? 0 : 72 + $0 * length) }
    }

    private static let deep: [UInt8] = {
        let length = page(8, 8, [field(330, 4, 1, 0)], next: 0).count
        let start = [0x49, 0x49, 42, 0] + Pack.little(72, 4) + [UInt8](repeating: 90, count: 64)
        return start + (1...5000).flatMap { page(8, 8, [field(330, 4, 1, 72 + $0 * length)], next: 0) }
    }()

    static let bmps: [Bomb] = [
        Bomb("bmp-2-thousand-million-square.bmp", bmp(0x7FFF_FFFF, 0x7FFF_FFFF), .refused("too_many_pixels")),
        Bomb("bmp-upside-down.bmp", bmp(16, -0x8000_0000), .refused("too_many_pixels")),
        Bomb("bmp-no-pixels.bmp", bmp(15_000, 15_000), .refused("damaged")),
        Bomb("bmp-runs.bmp", bmp(15_000, 15_000, compression: 1, depth: 8)),
        Bomb("bmp-palette.bmp", bmp(8, 8, colours: 0x7FFF_FFFF, depth: 8)),
        Bomb("bmp-nothing.bmp", Array(bmp(8, 8).prefix(20)), .refused("damaged")),
    ]

    private static func bmp(
        _ width: Int, _ height: Int, compression: Int = 0, colours: Int = 0, depth: Int = 24
    ) -> [UInt8] {
        Array("BM".utf8) + Pack.little(200, 4) + Pack.zeros(4) + Pack.little(54, 4) + Pack.little(40, 4)
            + Pack.little(width, 4) + Pack.little(height, 4) + Pack.little(1, 2) + Pack.little(depth, 2)
            + Pack.little(compression, 4) + Pack.zeros(12) + Pack.little(colours, 4) + Pack.zeros(150)
    }
}
