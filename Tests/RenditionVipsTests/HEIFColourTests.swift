import CVips
import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

/// HEIF and AVIF files whose colours are named by code points, and those that reach above white.
@Suite("HEIF colours and geometry")
struct HEIFColourTests {
    /// An AVIF of one colour, 16 bits a channel as given and 12 in the file, with code points written into its `colr` box.
    private static func flat(_ colour: [Double], primaries: Int, transfer: Int) throws -> [UInt8] {
        try VipsLibrary.start()
        let black = try Operation("black")
        try black.set("width", 64)
        try black.set("height", 64)
        try black.set("bands", 3)
        let linear = try Operation("linear")
        try linear.set("in", try black.image())
        try linear.set("a", [1, 1, 1])
        try linear.set("b", colour.map { ($0 * 65535).rounded() })
        let cast = try Operation("cast")
        try cast.set("in", try linear.image())
        try cast.set("format", Int(VIPS_FORMAT_USHORT.rawValue))
        let image = try Rendering.interpret(try cast.image(), VIPS_INTERPRETATION_RGB16)
        let operation = try Operation("heifsave_buffer")
        try operation.set("in", image)
        try operation.set("Q", 100)
        try operation.set("compression", Int(VIPS_FOREIGN_HEIF_COMPRESSION_AV1.rawValue))
        // libheif 1.15 ends the process where it is to write 10.
        try operation.set("bitdepth", 12)
        try operation.set("effort", 0)
        return try named(try operation.bytes { Array($0) }, primaries, transfer)
    }

    /// Writes code points into a file's `colr` box (ISO/IEC 14496-12, section 12.1.5).
    private static func named(_ file: [UInt8], _ primaries: Int, _ transfer: Int) throws -> [UInt8] {
        let place = try #require(file.firstRange(of: Array("colrnclx".utf8))).upperBound
        var file = file
        file.replaceSubrange(
            place..<(place + 4), with: PNGBuilder.big(primaries, 2) + PNGBuilder.big(transfer, 2))
        return file
    }

    private func render(_ file: [UInt8]) throws -> (colour: [Int], metadata: PhotoMetadata) {
        let rendered = try Rendering.render(file, sizes: [.large])
        return (try Pixels(rendered.renditions[0].bytes).colour(0.5, 0.5), rendered.metadata)
    }

    /// What has sRGB's primaries is left as it is, also with television's transfer function, as browsers do.
    @Test(arguments: [(1, 13), (1, 1), (2, 2), (1, 6), (77, 99)]) func sRGBStaysAsItIs(
        _ primaries: Int, _ transfer: Int
    ) throws {
        let (colour, metadata) = try render(try Self.flat([0.8, 0.4, 0.2], primaries: primaries, transfer: transfer))
        #expect(near(colour, [204, 102, 51], within: 2), "\(colour)")
        #expect(metadata.dynamicRange == nil)
        #expect(!metadata.hasProfile)
    }

    /// By the matrix of ITU-R BT.2087-0, section 2, turned round, on light.
    @Test(arguments: [1, 13, 14, 15]) func bt2020IsBroughtToSRGB(_ transfer: Int) throws {
        let stored = [0.6, 0.5, 0.4]
        let (colour, metadata) = try render(try Self.flat(stored, primaries: 9, transfer: transfer))
        let light = stored.map { pow(($0 + 0.055) / 1.055, 2.4) }
        let matrix = [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
        let expected = matrix.map { row in
            Int((SRGBCurve.encode(zip(row, light).reduce(0) { $0 + $1.0 * $1.1 }) * 255).rounded())
        }
        #expect(near(colour, expected, within: 2), "\(colour) instead of \(expected)")
        #expect(metadata.deltaE.map { $0 < 0.5 } == true)
        #expect(metadata.profileName == "Rec. 2020")
    }

    @Test func displayP3ByCodePointsIsThatOfAProfile() throws {
        let (colour, _) = try render(try Self.flat([0.8, 0.4, 0.2], primaries: 12, transfer: 13))
        let embedded = PNGBuilder.flat(
            [204, 102, 51], depth: 8, colourType: 2,
            chunks: [PNGBuilder.chunk("iCCP", Array("p3\0\0".utf8) + PNGBuilder.deflated(CompactP3Profile.bytes))])
        #expect(near(colour, try Rendering.colour(of: embedded), within: 2), "\(colour)")
    }

    // MARK: Light above white

    /// A white paper is 203 cd/m², 58 % of PQ and 75 % of HLG; a grey card 26 cd/m², 38 % of either (ITU-R BT.2408-5, table 1).
    @Test(arguments: [(16, "PQ", 0.5807, 0.3791), (18, "HLG", 0.75, 0.3850)])
    func hdrComesDownToAScreen(_ transfer: Int, _ name: String, _ paper: Double, _ card: Double) throws {
        func grey(_ value: Double) throws -> Int {
            let (colour, metadata) = try render(
                try Self.flat([value, value, value], primaries: 9, transfer: transfer))
            #expect(metadata.dynamicRange == name)
            #expect(metadata.deltaE.map { $0 < 0.5 } == true, "\(metadata.deltaE ?? -1)")
            #expect(!metadata.hasProfile)
            #expect(near(colour, [colour[1], colour[1], colour[1]], within: 2), "grey stays grey: \(colour)")
            return colour[1]
        }
        // 26/203 of the light is 100 in sRGB's encoding: what is darker than half a paper isn't touched.
        let (dark, half, white) = (try grey(0), try grey(card), try grey(paper))
        #expect(abs(half - 100) <= 3, "\(half)")
        #expect((215...240).contains(white), "\(white)")
        #expect(dark <= 1)
        #expect(try grey(1) >= 254)
        // Between the paper and the brightest light there is still something to see.
        let bright = try grey(transfer == 16 ? 0.66 : 0.87)
        #expect(white + 5 < bright && bright < 254, "\(white) and \(bright)")
    }

    /// Bending must never turn brighter into darker, nor jump.
    @Test(arguments: [HighDynamicRange.pq, .hlg]) func theCurveRisesWithoutAJump(_ range: HighDynamicRange) {
        let encoded = (0...1000).map { SRGBCurve.encode(range.light(Double($0) / 1000)) * 255 }
        #expect(abs(encoded[0]) < 0.01)
        #expect(abs(encoded[1000] - 255) < 0.01)
        for (one, next) in zip(encoded, encoded.dropFirst()) {
            #expect(next >= one - 1e-6)
            #expect(next - one < 1.5)
        }
        #expect(abs(HighDynamicRange.pq.luminance(0.5807) - 203) < 1)
        #expect(abs(HighDynamicRange.hlg.luminance(0.75) - 203) < 1)
    }

    /// Saturated colours beyond sRGB keep their hue's order and don't turn grey or black.
    @Test(arguments: [16, 18]) func hdrColoursStayColours(_ transfer: Int) throws {
        let (red, _) = try render(try Self.flat([0.6, 0.2, 0.2], primaries: 9, transfer: transfer))
        #expect(red[0] > red[1] + 60 && red[0] > red[2] + 60, "\(red)")
        let (blue, _) = try render(try Self.flat([0.2, 0.2, 0.6], primaries: 9, transfer: transfer))
        #expect(blue[2] > blue[0] + 60, "\(blue)")
    }

    /// Values that 8 bits could not tell apart stay apart until they are converted.
    @Test func deepValuesStayDeepUntilTheyAreConverted() throws {
        let file = try Self.flat([0.3, 0.3, 0.3], primaries: 9, transfer: 16)
        #expect(try Rendering.renderer.get().probe(file, limits: RenderLimits()).bytesPerPixel == 6)
        let colours = try [0.5, 0.5015, 0.503].map { value in
            try Self.flat([value, value, value], primaries: 9, transfer: 16).withUnsafeBytes { bytes in
                let opened = try PictureFile.open(bytes, .avif)
                return PixelMemory(opened.image)?.pixel((32, 32))[0]
            }
        }
        #expect(Set(colours).count == 3, "\(colours)")
    }

    @Test func theRecordTellsOfTheLoss() throws {
        let (_, metadata) = try render(try Self.flat([0.5, 0.5, 0.5], primaries: 9, transfer: 18))
        #expect(Self.inRecord(metadata) == .string("HLG"))
    }

    @Test func theRecordOfAnOrdinaryPhotoSaysNothingOfIt() throws {
        let metadata = try Rendering.render(Corpus.samples.bytes("iphone.heic"), sizes: [.thumbnail]).metadata
        #expect(metadata.dynamicRange == nil)
        #expect(Self.inRecord(metadata) == nil)
    }

    private static func inRecord(_ metadata: PhotoMetadata) -> RecordValue? {
        guard case .map(let values) = metadata.recordValues["color"] else { return nil }
        return values["dynamic_range"]
    }

    // MARK: Turns and crops

    /// Pillow's eight files hold one picture, turned and mirrored as stored in each way, and turned back by their properties.
    @Test func rotationAndMirrorAreFollowed() throws {
        let names = (0..<4).flatMap { turn in (0..<2).map { "rot\(turn)mir\($0)" } }
        let pictures = try names.map { name in
            try Rendering.large(try Corpus.publicBytes("pillow/Tests/images/avif/\(name).avif"))
        }
        /// The mean difference over a grid; the other picture may be looked at in a mirror.
        func difference(_ one: Pixels, _ other: Pixels, mirrored: Bool = false) -> Double {
            var (sum, count) = (0, 0)
            for row in 0..<20 {
                for column in 0..<30 {
                    let x = (Double(column) + 0.5) / 30
                    let y = (Double(row) + 0.5) / 20
                    let (left, right) = (one.colour(x, y), other.colour(mirrored ? 1 - x : x, y))
                    for band in 0..<3 { sum += abs(left[band] - right[band]) }
                    count += 3
                }
            }
            return Double(sum) / Double(count)
        }
        for (name, picture) in zip(names, pictures) {
            #expect(picture.size == PixelSize(width: 640, height: 427), "\(name)")
            let found = difference(picture, pictures[0])
            #expect(found < 12, "\(name): \(found)")
        }
        // Were the picture the same from both sides, the test would show nothing.
        #expect(difference(pictures[0], pictures[0], mirrored: true) > 24)
    }

    /// The file's second `clap` is the photo's, the first its thumbnail's (ISO/IEC 14496-12, section 12.1.4).
    @Test func theCropIsFollowed() throws {
        let original = try Corpus.publicBytes("pillow-heif/tests/images/heif_special/crop_mismatch_thumbnail.heic")
        let whole = try Rendering.large(original)
        let places = original.indices.dropLast(4).filter { original[$0...].starts(with: Array("clap".utf8)) }
        let place = try #require(places.last) + 4
        // Width, height, and how far the crop's middle is from the picture's: each a fraction.
        var file = original
        file.replaceSubrange(
            place..<(place + 32),
            with: [20, 1, 10, 1, -16, 2, 12, 2].flatMap { PNGBuilder.big($0, 4) })
        let cropped = try Rendering.large(file)
        #expect(cropped.size == PixelSize(width: 20, height: 10))
        let left = (whole.size.width - 20) / 2 - 8
        let top = (whole.size.height - 10) / 2 + 6
        for (x, y) in [(1, 1), (18, 1), (1, 8), (18, 8), (10, 5)] {
            let (found, expected) = (cropped[x, y], whole[left + x, top + y])
            #expect(near(found, expected, within: 24), "\(x), \(y): \(found), not \(expected)")
        }
        #expect(
            !near(cropped[1, 1], cropped[18, 8], within: 24), "the crop's corners differ, or a shift would not show")
    }

    /// Turns are the file's own properties; what Exif says besides would turn a photo twice (ISO/IEC 23008-12, annex A.2.4).
    @Test func theExifOrientationIsNotFollowed() throws {
        let file = try Rendering.flat(PixelSize(width: 80, height: 40), [200, 60, 60])
        let turned = try file.withUnsafeBytes { bytes in
            let opened = try PictureFile.open(bytes, .png)
            vips_image_set_int(opened.image.handle, "orientation", 6)
            return try Rendering.save(opened.image, "heifsave_buffer")
        }
        #expect(turned.firstRange(of: Array("Exif".utf8)) != nil, "it has an Exif block")
        #expect(try Rendering.large(turned).size == PixelSize(width: 80, height: 40))
    }
}
