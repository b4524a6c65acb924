extension Bomb {
    static let jpegs: [Bomb] = [
        Bomb(
            "jpeg-2-gigabytes-in-230-bytes.jpg", jpeg(0xC2, 17000, 17000, scan(dc: Pack.zeros(64))), .refused("damaged")
        ),
        Bomb("jpeg-65535-square.jpg", jpeg(0xC0, 65535, 65535, scan(dc: Pack.zeros(9))), .refused("too_many_pixels")),
        Bomb("jpeg-882-scans.jpg", scans(882), .refused("too_many_scans")),
        Bomb("jpeg-99-scans.jpg", scans(99)),
        Bomb("jpeg-coefficients.jpg", coefficients, .refused("too_much_memory")),
        Bomb(
            "jpeg-second-frame.jpg", inserted(frame(0xC0, 65535, 65535, 3), beforeScan: true),
            .refused("too_many_pixels")),
        Bomb("jpeg-cut.jpg", Array(photo.prefix(photo.count / 2)), .refused("damaged")),
        Bomb("jpeg-no-frame.jpg", [0xFF, 0xD8] + scan(dc: Pack.zeros(9)) + [0xFF, 0xD9], .refused("damaged")),
        Bomb("jpeg-fill-bytes.jpg", [0xFF, 0xD8] + [UInt8](repeating: 0xFF, count: 2 << 20) + photo.dropFirst(2)),
        Bomb("jpeg-strays.jpg", [0xFF, 0xD8] + Pack.zeros(4 << 20) + photo.dropFirst(2)),
        Bomb("jpeg-exif-loop.jpg", exif(loop), .rendered),
        Bomb("jpeg-exif-deep.jpg", exif(deepDirectories), .rendered),
        Bomb("jpeg-exif-beyond.jpg", exif(beyond), .rendered),
        Bomb("jpeg-maker-note.jpg", exif(makerNote), .rendered),
        Bomb("jpeg-profile-lies.jpg", profile(count: 1, lyingProfile), .rendered),
        Bomb("jpeg-profile-pieces.jpg", profile(count: 255, lyingProfile), .rendered),
        Bomb("jpeg-pictures-in-itself.jpg", pictures, .rendered),
        Bomb("jpeg-xmp-deep.jpg", xmp(depth: 20_000), .rendered),
        Bomb("jpeg-xmp-entities.jpg", xmpEntities, .rendered),
    ]

    // MARK: Frames and scans

    private static func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] {
        [0xFF, marker] + Pack.big(body.count + 2, 2) + body
    }

    private static func frame(_ marker: UInt8, _ width: Int, _ height: Int, _ components: Int) -> [UInt8] {
        var body: [UInt8] = [8] + Pack.big(height, 2) + Pack.big(width, 2) + [UInt8(components)]
        for component in 1...components { body += [UInt8(component), 0x11, 0] }
        return segment(marker, body)
    }

    /// A code of one bit for one symbol.
    private static func table(_ identifier: UInt8, _ symbol: UInt8) -> [UInt8] {
        segment(0xC4, [identifier, 1] + Pack.zeros(15) + [symbol])
    }

    private static let quantisation = segment(0xDB, [0] + [UInt8](repeating: 1, count: 64))

    /// A scan of mean values, each of one bit.
    private static func scan(dc: [UInt8], components: Int = 1) -> [UInt8] {
        var header = [UInt8(components)]
        for component in 1...components { header += [UInt8(component), 0] }
        return segment(0xDA, header + [0, 0, 0]) + dc
    }

    private static func jpeg(
        _ marker: UInt8, _ width: Int, _ height: Int, components: Int = 1, _ scans: [UInt8]
    ) -> [UInt8] {
        [0xFF, 0xD8] + quantisation + frame(marker, width, height, components) + table(0x00, 0) + table(0x10, 0xE0)
            + scans + [0xFF, 0xD9]
    }

    /// A progressive JPEG of 16 megapixels, each scan a few bytes: one symbol says that 16384 blocks have no more detail.
    private static func scans(_ count: Int) -> [UInt8] {
        let blocks = 500 * 500
        let detail = segment(0xDA, [1, 1, 0, 1, 63, 0]) + Pack.zeros((blocks / 16384 + 1) * 15 / 8 + 1)
        return jpeg(
            0xC2, 4000, 4000, scan(dc: Pack.zeros(blocks / 8)) + (1..<count).flatMap { _ in detail })
    }

    /// All mean values of 289 megapixels, each of three components by itself: whole, and 1.7 GB until the last has come.
    private static var coefficients: [UInt8] {
        let blocks = 2125 * 2125
        return jpeg(0xC2, 17000, 17000, components: 3, scan(dc: Pack.zeros(blocks * 3 / 8 + 1), components: 3))
    }

    // MARK: Segments in a good photo

    private static func inserted(_ segments: [UInt8], beforeScan: Bool = false) -> [UInt8] {
        var place = 2
        while beforeScan, place + 4 < photo.count, photo[place + 1] != 0xDA {
            place += 2 + Int(photo[place + 2]) << 8 + Int(photo[place + 3])
        }
        return Array(photo[..<place]) + segments + Array(photo[place...])
    }

    private static func exif(_ block: [UInt8]) -> [UInt8] { inserted(segment(0xE1, Array("Exif\0\0".utf8) + block)) }

    private static func entry(_ tag: Int, _ type: Int, _ count: Int, _ value: Int) -> [UInt8] {
        Pack.little(tag, 2) + Pack.little(type, 2) + Pack.little(count, 4) + Pack.little(value, 4)
    }

    private static func directory(_ entries: [[UInt8]], next: Int) -> [UInt8] {
        Pack.little(entries.count, 2) + entries.flatMap { $0 } + Pack.little(next, 4)
    }

    private static let header: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0]

    /// Every directory leads back to the first.
    private static let loop =
        header
        + directory(
            [entry(0x014A, 4, 1, 8), entry(0x8769, 4, 1, 8), entry(0x8825, 4, 1, 8), entry(0xA005, 4, 1, 8)], next: 8)

    /// Each directory holds the next as its Exif directory.
    private static let deepDirectories =
        header + (0..<3000).flatMap { directory([entry(0x8769, 4, 1, 8 + 18 * ($0 + 1))], next: 0) }

    /// Values that begin or end far outside, and a thumbnail that does.
    private static let beyond =
        header
        + directory(
            [
                entry(0x010E, 2, 0xFFFF_FFFF, 0xFFFF_FFF0), entry(0x010F, 2, 0x7FFF_FFFF, 8),
                entry(0x0110, 5, 0x2000_0001, 8), entry(0x0201, 4, 1, 0xFFFF_FFF0), entry(0x0202, 4, 1, 0xFFFF_FFFF),
            ], next: 0xFFFF_FFFE)

    /// A Canon's, of four thousand million bytes, whose directory counts 65535 entries.
    private static let makerNote =
        header
        + directory([entry(0x010F, 2, 6, 0x64), entry(0x8769, 4, 1, 38)], next: 0)
        + directory([entry(0x927C, 7, 0xFFFF_FFFF, 60)], next: 0) + Pack.zeros(4) + Pack.little(0xFFFF, 2)
        + [UInt8](repeating: 0xFF, count: 36) + Array("Canon\0".utf8) + [UInt8](repeating: 0xFF, count: 2000)

    // MARK: Profiles

    /// A profile that claims 4 GB and 4 thousand million tags, the first of them at its end.
    private static let lyingProfile: [UInt8] =
        Pack.big(0xFFFF_FFFF, 4) + Array("lcms".utf8) + Pack.big(0x0440_0000, 4) + Array("mntrRGB XYZ ".utf8)
        + Pack.zeros(12) + Array("acsp".utf8) + Pack.zeros(88) + Pack.big(0xFFFF_FFFF, 4) + Array("rXYZ".utf8)
        + Pack.big(0xFFFF_FFF0, 4) + Pack.big(0xFFFF_FFFF, 4)

    private static func profile(count: UInt8, _ profile: [UInt8]) -> [UInt8] {
        inserted(segment(0xE2, Array("ICC_PROFILE\0".utf8) + [1, count] + profile))
    }

    // MARK: Lists of pictures and XMP

    /// A list of 60 pictures (MPF), each of them the file itself.
    private static var pictures: [UInt8] {
        let count = 60
        let items = (0..<count).flatMap { _ in Pack.big(0x0003_0000, 4) + Pack.big(0x7FFF_FFFF, 4) + Pack.zeros(8) }
        let list: [UInt8] =
            [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 2]
            + Pack.big(0xB001, 2) + Pack.big(4, 2) + Pack.big(1, 4) + Pack.big(count, 4)
            + Pack.big(0xB002, 2) + Pack.big(7, 2) + Pack.big(16 * count, 4) + Pack.big(38, 4) + Pack.zeros(4)
        return inserted(segment(0xE2, Array("MPF\0".utf8) + list + items))
    }

    private static let xmpAddress = Array("http://ns.adobe.com/xap/1.0/\0".utf8)

    private static func xmp(depth: Int) -> [UInt8] {
        let text = String(repeating: "<a>", count: depth)
        return inserted(segment(0xE1, xmpAddress + Array(text.utf8.prefix(65_000))))
    }

    private static let xmpEntities = inserted(
        segment(
            0xE1, xmpAddress + Array((laughs("x:xmpmeta") + "<x:xmpmeta>&l9;</x:xmpmeta>").utf8)))

    /// Entities each of which is ten of the one before.
    static func laughs(_ root: String) -> String {
        let more = (1...9).map { level in
            "<!ENTITY l\(level) \"" + String(repeating: "&l\(level - 1);", count: 10) + "\">"
        }
        return "<?xml version=\"1.0\"?><!DOCTYPE \(root) [<!ENTITY l0 \"ha\">\(more.joined())]>"
    }
}
