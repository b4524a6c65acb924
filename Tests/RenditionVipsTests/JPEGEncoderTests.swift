import CVips
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

@Suite("The JPEG encoder")
struct JPEGEncoderTests {
    /// A photograph's pixels, encoded here and by libvips with libjpeg's own scans.
    private static func pair(_ name: String, grey: Bool = false, quality: Int) throws -> (
        ours: [UInt8], theirs: [UInt8]
    ) {
        let small = try Rendering.render(Corpus.photos24.bytes(name), sizes: [.medium]).renditions[0].bytes
        return try small.withUnsafeBytes { bytes in
            let opened = try PictureFile.open(bytes, .jpeg)
            let operation = try Operation("colourspace")
            try operation.set("in", opened.image)
            try operation.set(
                "space", Int((grey ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB).rawValue))
            let image = try operation.image().rendered()
            let peer = try Operation("jpegsave_buffer")
            try peer.set("in", image)
            try peer.set("Q", quality)
            try peer.set("interlace", true)
            try peer.set("optimize-coding", true)
            try peer.set("strip", true)
            return (try JPEGEncoder.encode(image, quality: quality) { Array($0) }, try peer.bytes { Array($0) })
        }
    }

    @Test(arguments: [("DSC_0412.JPG", false, 92), ("IMG_2031.jpg", false, 80), ("DSC04502.JPG", true, 90)])
    func thePixelsAreThoseOfLibjpegsOwnScansInAboutAsManyBytes(_ name: String, _ grey: Bool, _ quality: Int) throws {
        let (ours, theirs) = try Self.pair(name, grey: grey, quality: quality)
        #expect(try Self.pixels(ours) == Self.pixels(theirs))
        #expect(Double(ours.count) < 1.04 * Double(theirs.count), "\(ours.count), \(theirs.count)")
    }

    /// A browser shows what it has: the whole photo, coarse, before a tenth of the file has come.
    @Test func theWholePhotoIsSeenEarly() throws {
        let scans = try Self.scans(of: Self.pair("DSC_0412.JPG", quality: 92).ours)
        #expect(scans.count == 6)
        #expect(scans[0].components == 3 && scans[0].band == 0...0)
        #expect(scans[1].start < 0.2)
        // Every coefficient of every component comes once.
        let covered = scans.reduce(0) { $0 + $1.components * $1.band.count }
        #expect(covered == 3 * 64)
    }

    private static func pixels(_ file: [UInt8]) throws -> [UInt8] {
        try file.withUnsafeBytes { bytes in
            let opened = try PictureFile.open(bytes, .jpeg)
            return try opened.image.pixels()
        }
    }

    /// The scans' components and spectral bands (ITU-T T.81, annex B.2.3), and where each begins, as a share of the file.
    private static func scans(of file: [UInt8]) -> [(components: Int, band: ClosedRange<Int>, start: Double)] {
        var scans: [(Int, ClosedRange<Int>, Double)] = []
        for place in file.indices.dropLast(16) where file[place] == 0xFF && file[place + 1] == 0xDA {
            let components = Int(file[place + 4])
            let last = place + 4 + 2 * components
            scans.append((components, Int(file[last + 1])...Int(file[last + 2]), Double(place) / Double(file.count)))
        }
        return scans
    }
}
