extension Bomb {
    static let boxes: [Bomb] = [
        Bomb(
            "heif-box-without-end.heic", type("heic") + Pack.box("meta", Pack.zeros(200), size: 0), .refused("damaged")),
        Bomb(
            "heif-box-of-all-bytes.heic",
            type("heic") + Pack.big(1, 4) + Array("meta".utf8) + [UInt8](repeating: 0xFF, count: 8) + Pack.zeros(80),
            .refused("damaged")),
        Bomb(
            "heif-box-of-no-bytes.heic", type("heic") + Pack.box("meta", Pack.zeros(80), size: 4), .refused("damaged")),
        Bomb("heif-deep.heic", type("heic") + nested("moov", 50_000), .refused("too_deep")),
        Bomb(
            "heif-deep-in-meta.heic", type("heic") + Pack.box("meta", Pack.zeros(4) + nested("ipco", 20_000)),
            .refused("too_deep")),
        Bomb(
            "heif-size.heic", heif([Pack.big(0, 4) + Pack.big(0xFFFF_FFFF, 4) + Pack.big(0xFFFF_FFFF, 4)]),
            .refused("too_many_pixels")),
        Bomb(
            "avif-size.avif", heif(brand: "avif", [Pack.big(0, 4) + Pack.big(60000, 4) + Pack.big(60000, 4)]),
            .refused("too_many_pixels")),
        Bomb("heif-place-beyond.heic", heif([small]), .refused("damaged")),
        Bomb(
            "heif-grid.heic", heif([small], kind: "grid", data: grid(0xFFFF_FFFF, 0xFFFF_FFFF)),
            .refused("too_many_pixels")),
        Bomb(
            "heif-grid-of-itself.heic", heif([small], kind: "grid", data: [0, 0, 99, 99, 2, 0, 2, 0], tile: 1),
            .refused("damaged")),
        Bomb("heif-places.heic", places),
        Bomb("heif-items.heic", type("heic") + Pack.box("meta", Pack.zeros(4) + items(60_000)), .refused("damaged")),
        Bomb(
            "heif-boxes.heic",
            type("heic") + Pack.box("meta", Pack.zeros(4) + (0..<200_000).flatMap { _ in Pack.box("free", []) })),
        Bomb("heif-only-a-type.heic", type("heic"), .refused("damaged")),
        Bomb("cr3-deep.cr3", type("crx ") + nested("moov", 50_000), .refused("too_deep")),
        Bomb(
            "mp4-box-of-all-bytes.mp4",
            type("isom") + Pack.big(1, 4) + Array("moov".utf8) + [UInt8](repeating: 0xFF, count: 40),
            .refused("damaged")),
        Bomb("mp4-deep.mp4", type("isom") + nested("moov", 20_000), .refused("damaged")),
        Bomb(
            "mkv-sizes.mkv", [0x1A, 0x45, 0xDF, 0xA3, 0x01] + [UInt8](repeating: 0xFF, count: 200), .refused("damaged")),
    ]

    private static func type(_ brand: String) -> [UInt8] {
        Pack.box("ftyp", Array(brand.utf8) + Pack.zeros(4) + Array(brand.utf8))
    }

    private static func nested(_ kind: String, _ depth: Int) -> [UInt8] {
        (1...depth).reversed().flatMap { Pack.big($0 * 8, 4) + Array(kind.utf8) }
    }

    private static let small = Pack.big(0, 4) + Pack.big(512, 4) + Pack.big(512, 4)

    private static func grid(_ width: Int, _ height: Int) -> [UInt8] {
        [0, 1, 255, 255] + Pack.big(width, 4) + Pack.big(height, 4)
    }

    private static func item(_ identifier: Int, _ kind: String) -> [UInt8] {
        Pack.box("infe", [2, 0, 0, 0] + Pack.big(identifier, 2) + Pack.zeros(2) + Array(kind.utf8) + [0])
    }

    private static func items(_ count: Int) -> [UInt8] {
        Pack.box(
            "iinf", Pack.zeros(4) + Pack.big(count, 2) + (1...count).flatMap { item($0, "hvc1") })
    }

    /// A metadata item that is told ten thousand times to be the whole file.
    private static let places: [UInt8] = {
        let extent = Pack.big(0, 4) + Pack.big(2 << 20, 4)
        let entry = Pack.big(1, 2) + Pack.big(0, 2) + Pack.big(0, 2) + Pack.big(7, 2)
        let table: [UInt8] = [1, 0, 0, 0, 0x44, 0x00] + Pack.big(10_000, 2)
        let one = entry + (0..<7).flatMap { _ in extent }
        let all = table + (0..<10_000).flatMap { _ in one }
        let meta =
            Pack.zeros(4) + Pack.box("iinf", Pack.zeros(4) + Pack.big(1, 2) + item(1, "Exif")) + Pack.box("iloc", all)
        return type("heic") + Pack.box("meta", meta) + Pack.box("mdat", Pack.zeros(2 << 20))
    }()

    /// One item, of a size or several, whose bytes lie in the box beside, or four thousand million bytes away.
    private static func heif(
        brand: String = "heic", _ sizes: [[UInt8]], kind: String = "hvc1", data: [UInt8]? = nil, tile: Int? = nil
    ) -> [UInt8] {
        let place =
            data.map { Pack.big(0, 4) + Pack.big($0.count, 4) } ?? Pack.big(0xFFFF_FF00, 4) + Pack.big(0x7FFF_FFFF, 4)
        let table: [UInt8] =
            [1, 0, 0, 0, 0x44, 0x00] + Pack.big(1, 2) + Pack.big(1, 2) + Pack.big(data == nil ? 0 : 1, 2)
            + Pack.big(0, 2)
            + Pack.big(1, 2) + place
        let properties = Pack.box(
            "iprp",
            Pack.box("ipco", sizes.flatMap { Pack.box("ispe", $0) })
                + Pack.box("ipma", Pack.zeros(4) + Pack.big(1, 4) + Pack.big(1, 2) + [1, 0x81]))
        let references =
            tile.map { tile in
                Pack.box(
                    "iref",
                    Pack.zeros(4)
                        + Pack.box(
                            "dimg", Pack.big(1, 2) + Pack.big(65535, 2) + (0..<65535).flatMap { _ in Pack.big(tile, 2) }
                        ))
            } ?? []
        let handler = Pack.box("hdlr", Pack.zeros(8) + Array("pict".utf8) + Pack.zeros(13))
        let meta =
            Pack.zeros(4) + handler + Pack.box("pitm", Pack.zeros(4) + Pack.big(1, 2))
            + Pack.box("iinf", Pack.zeros(4) + Pack.big(1, 2) + item(1, kind)) + Pack.box("iloc", table) + properties
            + references + (data.map { Pack.box("idat", $0) } ?? [])
        return type(brand) + Pack.box("meta", meta)
    }
}
