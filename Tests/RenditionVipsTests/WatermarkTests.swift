import CVips
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

@Suite("Watermarks")
struct WatermarkTests {
    private static let ground = [90, 120, 150]
    private static let red = [220, 30, 30]

    /// A red logo, twice as wide as high, as a PNG.
    private static func logo(etag: String = "red") throws -> Watermark.Logo {
        let file = try Rendering.flat(PixelSize(width: 600, height: 300), red.map(Double.init))
        return Watermark.Logo(etag: etag, bytes: file)
    }

    private static func photo(_ size: PixelSize) throws -> [UInt8] {
        try Rendering.flat(size, ground.map(Double.init))
    }

    @Test(arguments: Watermark.Position.allCases)
    func theLogoStandsWhereItIsPutInEverySize(_ position: Watermark.Position) throws {
        for original in [PixelSize(width: 3000, height: 2000), PixelSize(width: 2000, height: 3000)] {
            let mark = Watermark(logo: try Self.logo(), position: position, opacity: 1, sizePercent: 20)
            let rendered = try Rendering.render(try Self.photo(original), as: RenderInstructions(watermark: mark))
            for rendition in rendered.renditions {
                let pixels = try Pixels(rendition.bytes)
                let found = try #require(pixels.box { $0[0] > 150 }, "\(rendition.size.name)")
                let (width, height) = (pixels.size.width, pixels.size.height)
                let margin = Int((Double(min(width, height)) * 0.02).rounded())
                let expected = (width: Double(width) * 0.2, height: Double(width) * 0.1)
                #expect(abs(Double(found.width) - expected.width) <= 2, "\(rendition.size.name): \(found)")
                #expect(abs(Double(found.height) - expected.height) <= 2, "\(rendition.size.name): \(found)")
                let (left, top) = (found.left, found.top)
                let (right, bottom) = (width - found.left - found.width, height - found.top - found.height)
                let sides: [Int] =
                    switch position {
                    case .topLeft: [left, top]
                    case .topRight: [right, top]
                    case .bottomLeft: [left, bottom]
                    case .bottomRight: [right, bottom]
                    case .center: [margin + abs(left - right), margin + abs(top - bottom)]
                    }
                #expect(
                    sides.allSatisfy { abs($0 - margin) <= 2 }, "\(rendition.size.name): \(found) of \(pixels.size)")
            }
        }
    }

    @Test(arguments: [0.25, 0.7, 1])
    func theOpacityMixesLogoAndGround(_ opacity: Double) throws {
        let mark = Watermark(logo: try Self.logo(), position: .center, opacity: opacity, sizePercent: 30)
        let rendered = try Rendering.render(
            try Self.photo(PixelSize(width: 1500, height: 1000)),
            as: RenderInstructions(sizes: [.medium], watermark: mark))
        let expected = zip(Self.ground, Self.red).map { Int(Double($0) * (1 - opacity) + Double($1) * opacity) }
        let pixels = try Pixels(rendered.renditions[0].bytes)
        #expect(near(pixels.colour(0.5, 0.5), expected, within: 3))
        #expect(near(pixels.colour(0.1, 0.1), Self.ground, within: 2))
    }

    @Test func aLogosOwnProfileCounts() throws {
        // Adobe RGB's (0, 255, 0) lies outside sRGB; its (200, 100, 100) is a stronger red in sRGB.
        let file = try Rendering.flat(PixelSize(width: 400, height: 200), [200, 100, 100])
        let tagged = try file.withUnsafeBytes { bytes in
            let transform = try Operation("icc_transform")
            try transform.set("in", try PictureFile.open(bytes, .png).image)
            try transform.set("input-profile", "srgb")
            try transform.set("output-profile", "p3")
            return try Rendering.save(try transform.image(), "pngsave_buffer")
        }
        let mark = Watermark(logo: .init(etag: "p3", bytes: tagged), position: .center, opacity: 1, sizePercent: 40)
        let rendered = try Rendering.render(
            try Self.photo(PixelSize(width: 1500, height: 1000)),
            as: RenderInstructions(sizes: [.medium], watermark: mark))
        #expect(near(try Pixels(rendered.renditions[0].bytes).colour(0.5, 0.5), [200, 100, 100], within: 4))
    }

    @Test func whatIsTransparentInTheLogoLeavesNoFringe() throws {
        // Red on transparent black: a blend that ignores alpha darkens the edge.
        let logo = try Rendering.discOnTransparentBlack(PixelSize(width: 600, height: 600), Self.red)
        let mark = Watermark(logo: .init(etag: "disc", bytes: logo), position: .center, opacity: 1, sizePercent: 20)
        let white = try Rendering.flat(PixelSize(width: 1500, height: 1000), [255, 255, 255])
        // Without the ripples that JPEG itself leaves at edges.
        let size = RenditionSize(name: "medium", box: RenditionSize.medium.box, quality: 100)
        let rendered = try Rendering.render(white, as: RenderInstructions(sizes: [size], watermark: mark))
        // Between red and white every pixel's red channel is at least the logo's.
        let darkest = try Pixels(rendered.renditions[0].bytes).lowest(band: 0)
        #expect(darkest >= Self.red[0] - 8, "the darkest red is \(darkest)")
    }

    @Test(arguments: [
        "© Zoé Lefèvre", "Гале́рия", "<b>Tom & Léa</b>", "מזל טוב", String(repeating: "a long text ", count: 12),
    ])
    func textIsSetInsideItsRoom(_ text: String) throws {
        let mark = Watermark(text: text, position: .bottomRight, opacity: 1, sizePercent: 30)
        let rendered = try Rendering.render(
            try Rendering.flat(PixelSize(width: 1500, height: 1000), [128, 128, 128]),
            as: RenderInstructions(watermark: mark))
        for rendition in rendered.renditions {
            let pixels = try Pixels(rendition.bytes)
            let found = try #require(pixels.box { $0[1] > 200 }, "\(rendition.size.name) has white letters")
            let width = Double(pixels.size.width)
            #expect(Double(found.width) <= width * 0.3 + 2)
            #expect(Double(found.width) > width * 0.15)
            #expect(found.left > pixels.size.width / 2)
            #expect(pixels.box { $0[1] < 90 } != nil, "and a shadow")
        }
    }

    @Test func logoAndTextStandTogether() throws {
        let mark = Watermark(logo: try Self.logo(), text: "Zoé", position: .topLeft, opacity: 1, sizePercent: 30)
        let rendered = try Rendering.render(
            try Self.photo(PixelSize(width: 1500, height: 1000)),
            as: RenderInstructions(sizes: [.medium], watermark: mark))
        let pixels = try Pixels(rendered.renditions[0].bytes)
        let logo = try #require(pixels.box { $0[0] > 150 && $0[1] < 90 })
        let text = try #require(pixels.box { $0[1] > 220 })
        #expect(text.top >= logo.top + logo.height)
    }

    @Test(arguments: [
        PixelSize(width: 20, height: 20), PixelSize(width: 3, height: 900), PixelSize(width: 1, height: 1),
    ])
    func tinyPhotosTakeAMarkToo(_ size: PixelSize) throws {
        let mark = Watermark(logo: try Self.logo(), text: "Zoé", opacity: 1, sizePercent: 50)
        let rendered = try Rendering.render(try Self.photo(size), as: RenderInstructions(watermark: mark))
        #expect(rendered.renditions.count == 4)
    }

    @Test func aLogoThatCantBeReadIsTriedAgain() throws {
        for bytes in [Array("no picture".utf8), Array(try Self.logo().bytes.prefix(200)), []] {
            let mark = Watermark(logo: .init(etag: "broken \(bytes.count)", bytes: bytes), text: "and a text")
            let error = #expect(throws: RenditionError.self) {
                try Rendering.render(
                    try Self.photo(PixelSize(width: 300, height: 200)), as: RenderInstructions(watermark: mark))
            }
            #expect((error?.code, error?.retriable) == ("watermark_damaged", true))
            #expect(error?.message.contains("Upload it again") == true)
        }
    }

    @Test func markedRenditionsAreTheSameEveryTime() throws {
        let original = try Self.photo(PixelSize(width: 1500, height: 1000))
        let mark = Watermark(logo: try Self.logo(etag: "again"), text: "Zoé")
        let checksums = try (0..<2).map { _ in
            try Rendering.render(original, as: RenderInstructions(watermark: mark)).renditions.map(\.checksum)
        }
        #expect(checksums[0] == checksums[1])
    }
}
