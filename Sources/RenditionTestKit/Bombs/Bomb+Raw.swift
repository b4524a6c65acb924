extension Bomb {
    static let raws: [Bomb] = [
        Bomb("dng-size.dng", dng([field(256, 4, 1, 65535), field(257, 4, 1, 65535)])),
        Bomb(
            "dng-strip-beyond.dng",
            dng([field(256, 4, 1, 6000), field(257, 4, 1, 4000), field(273, 4, 1, 0xFFFF_FF00)])),
        Bomb("dng-loop.dng", dng([field(330, 4, 1, 72)])),
        Bomb(
            "dng-tiles.dng",
            dng([field(322, 4, 1, 65535), field(323, 4, 1, 65535), field(324, 4, 1, 8), field(325, 4, 1, 64)])),
        Bomb("dng-bits.dng", dng([field(258, 3, 1, 16), field(277, 3, 1, 65535)])),
        Bomb("dng-preview.dng", dng([field(513, 4, 1, 2000), field(514, 4, 1, 300)], behind: jpegs[0].bytes)),
        Bomb(
            "cr2-nothing.cr2",
            [0x49, 0x49, 42, 0, 16, 0, 0, 0] + Array("CR".utf8) + [2, 0] + [UInt8](repeating: 0xFF, count: 200)),
        Bomb("raf-offsets.raf", Array("FUJIFILMCCD-RAW 0201FF393101X-T2".utf8) + [UInt8](repeating: 0xFF, count: 400)),
        Bomb("orf-nothing.orf", Array("IIRO".utf8) + Pack.little(8, 4) + [UInt8](repeating: 0xFF, count: 200)),
        Bomb("rw2-nothing.rw2", Array("IIU\0".utf8) + Pack.little(24, 4) + [UInt8](repeating: 0xFF, count: 200)),
        Bomb(
            "crw-heap.crw",
            Array("II".utf8) + Pack.little(26, 4) + Array("HEAPCCDR".utf8) + [UInt8](repeating: 0xFF, count: 200)),
        Bomb("x3f-nothing.x3f", Array("FOVb".utf8) + [UInt8](repeating: 0xFF, count: 200)),
    ]

    /// - Parameter behind: What stands at 2000.
    private static func dng(_ changes: [(tag: Int, bytes: [UInt8])], behind: [UInt8] = []) -> [UInt8] {
        let version = field(50706, 1, 4, 0x0000_0401)
        let sensor = changes.contains { $0.tag == 262 } ? [] : [field(262, 3, 1, 32803)]
        let file = tiff(changes + [version] + sensor)
        return behind.isEmpty ? file : file + Pack.zeros(2000 - file.count) + behind
    }

    /// What is no photo, whatever its name says.
    static let strangers: [Bomb] = [
        Bomb("nothing.jpg", [], .refused("empty"), .refused("unsupported")),
        Bomb("zeros.jpg", Pack.zeros(1 << 20), .refused("unsupported")),
        Bomb("x.jpg[page=3].jpg", photo, .rendered),
        Bomb("photo.jpg[shrink=8,fail=false]", photo, .rendered),
        Bomb("table.csv", Array("1,2,3\n4,5,6\n".utf8), .refused("unsupported")),
        Bomb("matrix.mat", Array("20000 20000\n1 2 3\n".utf8), .refused("unsupported")),
        Bomb("matlab.mat", Array("MATLAB 5.0 MAT-file".utf8) + Pack.zeros(200), .refused("unsupported")),
        Bomb(
            "picture.v", [0xB6, 0xA6, 0xF2, 0x08] + Pack.big(60000, 4) + Pack.big(60000, 4) + Pack.zeros(52),
            .refused("unsupported")),
        Bomb("picture.ppm", Array("P6 60000 60000 255\n".utf8), .refused("unsupported")),
        Bomb(
            "picture.mvg.png", Array("push graphic-context\nfill 'url(http://127.0.0.1/)'\npop graphic-context\n".utf8),
            .refused("unsupported")),
        Bomb("picture.pdf.jpg", Array("%PDF-1.7\n%%EOF".utf8), .refused("unsupported")),
        Bomb("picture.eps.jpg", Array("%!PS-Adobe-3.0 EPSF-3.0\n{loop}".utf8), .refused("unsupported")),
        Bomb("packed.zip.jpg", Array("PK\u{3}\u{4}".utf8) + Pack.zeros(2000), .refused("unsupported")),
        Bomb(
            "film.m3u8.mp4", Array("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\nfile:///etc/passwd\n".utf8),
            .refused("unsupported")),
    ]
}
