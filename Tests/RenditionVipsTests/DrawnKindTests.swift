import CVips
import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

/// The kinds of BMP, GIF, WebP and SVG.
@Suite("BMP, GIF, WebP and SVG originals")
struct DrawnKindTests {
    // MARK: BMP

    /// The good files of Jason Summers' BMP suite, each with the picture that its author says it holds.
    private static let suite: [(name: String, picture: String)] = [
        ("pal1", "pal1"), ("pal1wb", "pal1"), ("pal1bg", "pal1bg"), ("pal4", "pal4"), ("pal4rle", "pal4"),
        ("pal8", "pal8"), ("pal8-0", "pal8"), ("pal8rle", "pal8"), ("pal8topdown", "pal8"), ("pal8os2", "pal8"),
        ("pal8v4", "pal8"), ("pal8v5", "pal8"), ("pal8w124", "pal8w124"), ("pal8w125", "pal8w125"),
        ("pal8w126", "pal8w126"), ("rgb16", "rgb16"), ("rgb16-565", "rgb16-565"), ("rgb16-565pal", "rgb16-565"),
        ("rgb24", "rgb24"), ("rgb24pal", "rgb24"), ("rgb32", "rgb24"), ("rgb32bf", "rgb24"),
    ]

    @Test(arguments: suite) func aBMPIsItsAuthorsPicture(_ name: String, _ picture: String) throws {
        let folder = "pillow/Tests/images/bmp"
        let found = try Rendering.large(try Corpus.publicBytes("\(folder)/g/\(name).bmp"))
        let expected = try Rendering.large(try Corpus.publicBytes("\(folder)/html/\(picture).png"))
        #expect(found.size == expected.size)
        for (one, other) in zip(found.mean, expected.mean) { #expect(abs(one - other) < 2, "\(found.mean)") }
        for (x, y) in [(0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8)] {
            #expect(near(found.colour(x, y), expected.colour(x, y), within: 16), "\(x), \(y)")
        }
    }

    /// A BMP of 32 bits: a header of 40 bytes has no alpha, one of 108 where its mask says so (BITMAPV4HEADER).
    private static func bmp(_ pixel: [UInt8], headerSize: Int, alphaMask: Int) -> [UInt8] {
        func little(_ value: Int, _ count: Int) -> [UInt8] { PNGBuilder.big(value, count).reversed() }
        let side = 16
        var header = little(headerSize, 4) + little(side, 4) + little(side, 4) + little(1, 2) + little(32, 2)
        header += little(headerSize > 40 ? 3 : 0, 4) + little(side * side * 4, 4) + [UInt8](repeating: 0, count: 16)
        if headerSize > 40 {
            for mask in [0xFF0000, 0xFF00, 0xFF, alphaMask] { header += little(mask, 4) }
            header += Array("BGRs".utf8) + [UInt8](repeating: 0, count: headerSize - header.count - 4)
        }
        let pixels = Array(repeating: pixel, count: side * side).flatMap { $0 }
        return Array("BM".utf8) + little(14 + header.count + pixels.count, 4) + little(0, 4)
            + little(14 + header.count, 4) + header + pixels
    }

    @Test func aBMPIsTransparentOnlyWhereItsHeaderSaysSo() throws {
        for alpha: UInt8 in [0, 128, 255] {
            let plain = Self.bmp([60, 60, 200, alpha], headerSize: 40, alphaMask: 0)
            #expect(near(try Rendering.colour(of: plain), [200, 60, 60], within: 1))
            let masked = Self.bmp([60, 60, 200, alpha], headerSize: 108, alphaMask: 0)
            #expect(near(try Rendering.colour(of: masked), [200, 60, 60], within: 1))
        }
        let declared = Self.bmp([60, 60, 200, 128], headerSize: 108, alphaMask: 0xFF00_0000)
        #expect(near(try Rendering.colour(of: declared), [227, 157, 157], within: 2))
    }

    @Test func whatIsRareInABMPIsNamed() throws {
        for (name, words) in [("rgb24jpeg", "a JPEG inside"), ("rgb24png", "a PNG inside"), ("pal2", "2 bits a pixel")]
        {
            let error = try #require(
                Rendering.refusal(of: try Corpus.publicBytes("pillow/Tests/images/bmp/q/\(name).bmp")))
            #expect((error.code, error.retriable) == ("unsupported", false))
            #expect(error.message.contains(words), "\(error.message)")
        }
    }

    // MARK: GIF

    /// One frame of an animation: four colours, of which 0 is transparent, at a place on the canvas.
    private static func frame(_ colour: UInt8, left: Int, top: Int, width: Int, height: Int) -> [UInt8] {
        func little(_ value: Int) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8)] }
        // Codes of three bits; a clear code before each pixel keeps the table from growing (GIF89a, appendix F).
        var (bits, count, data): (Int, Int, [UInt8]) = (0, 0, [])
        func codes() -> [Int] { (0..<(width * height)).flatMap { _ in [4, Int(colour)] } + [5] }
        for code in codes() {
            bits |= code << count
            count += 3
            while count >= 8 {
                data.append(UInt8(bits & 255))
                bits >>= 8
                count -= 8
            }
        }
        if count > 0 { data.append(UInt8(bits & 255)) }
        let blocks = stride(from: 0, to: data.count, by: 255).flatMap { start -> [UInt8] in
            let block = data[start..<min(data.count, start + 255)]
            return [UInt8(block.count)] + block
        }
        // Disposal 2, transparent colour 0.
        return [0x21, 0xF9, 4, 0b0000_1001, 10, 0, 0, 0, 0x2C] + little(left) + little(top) + little(width)
            + little(height) + [0, 2] + blocks + [0]
    }

    private static func gif(_ frames: [[UInt8]]) -> [UInt8] {
        Array("GIF89a".utf8) + [40, 0, 40, 0, 0b1000_0001, 0, 0] + [0, 0, 0, 200, 60, 60, 60, 160, 90, 0, 0, 255]
            + frames.flatMap { $0 } + [0x3B]
    }

    @Test func theFirstFrameOfAnAnimationLiesOnItsCanvas() throws {
        let file = Self.gif([
            Self.frame(1, left: 10, top: 10, width: 20, height: 20),
            Self.frame(2, left: 0, top: 0, width: 40, height: 40),
        ])
        let pixels = try Rendering.large(file)
        #expect(pixels.size == PixelSize(width: 40, height: 40))
        #expect(near(pixels.colour(0.5, 0.5), [200, 60, 60], within: 3), "\(pixels.colour(0.5, 0.5))")
        #expect(near(pixels.colour(0.05, 0.05), [255, 255, 255], within: 3), "\(pixels.colour(0.05, 0.05))")
    }

    @Test func transparentPixelsOfAGIFAreWhite() throws {
        let file = Self.gif([Self.frame(0, left: 0, top: 0, width: 40, height: 40)])
        #expect(near(try Rendering.colour(of: file), [255, 255, 255], within: 1))
    }

    // MARK: WebP

    @Test func theFirstFrameOfAWebPIsShown() throws {
        // Two pages of 40 rows each, one below the other.
        let rows =
            Array(repeating: Array(repeating: [UInt8]([200, 60, 60]), count: 40).flatMap { $0 }, count: 40)
            + Array(repeating: Array(repeating: [UInt8]([60, 160, 90]), count: 40).flatMap { $0 }, count: 40)
        let png = PNGBuilder.file(width: 40, height: 80, depth: 8, colourType: 2, rows: rows)
        let file = try png.withUnsafeBytes { bytes in
            let opened = try PictureFile.open(bytes, .png)
            vips_image_set_int(opened.image.handle, "page-height", 40)
            return try Rendering.save(opened.image, "webpsave_buffer")
        }
        #expect(file.firstRange(of: Array("ANMF".utf8)) != nil, "it is animated")
        let pixels = try Rendering.large(file)
        #expect(pixels.size == PixelSize(width: 40, height: 40))
        #expect(near(pixels.colour(0.5, 0.5), [200, 60, 60], within: 6), "\(pixels.colour(0.5, 0.5))")
    }

    @Test func theExifOrientationOfAWebPIsFollowed() throws {
        let file = try Rendering.flat(PixelSize(width: 80, height: 40), [200, 60, 60])
        let turned = try file.withUnsafeBytes { bytes in
            let opened = try PictureFile.open(bytes, .png)
            vips_image_set_int(opened.image.handle, "orientation", 6)
            return try Rendering.save(opened.image, "webpsave_buffer")
        }
        #expect(try Rendering.large(turned).size == PixelSize(width: 40, height: 80))
    }

    // MARK: SVG

    private static func svg(_ attributes: String, _ body: String, before: String = "") -> [UInt8] {
        Array("\(before)<svg xmlns=\"http://www.w3.org/2000/svg\" \(attributes)>\(body)</svg>".utf8)
    }

    @Test(arguments: [
        ("width=\"100\" height=\"50\"", 100, 50), ("viewBox=\"0 0 300 200\"", 300, 200),
        ("width=\"25.4mm\" height=\"50.8mm\" viewBox=\"0 0 10 20\"", 72, 144),
        ("width=\"100%\" height=\"100%\" viewBox=\"0 0 120 80\"", 120, 80),
    ]) func aDrawingHasItsSize(_ attributes: String, _ width: Int, _ height: Int) throws {
        let file = Self.svg(attributes, "<rect width=\"100%\" height=\"100%\" fill=\"#c83c3c\"/>")
        let pixels = try Rendering.large(file)
        #expect(pixels.size == PixelSize(width: width, height: height), "\(pixels.size)")
        #expect(near(pixels.colour(0.5, 0.5), [200, 60, 60], within: 2))
    }

    @Test func aDrawingLiesOnWhite() throws {
        let file = Self.svg(
            "width=\"100\" height=\"100\"",
            """
            <defs><linearGradient id="g"><stop offset="0" stop-color="#000"/><stop offset="1" stop-color="#fff"/>
            </linearGradient></defs><rect y="50" width="100" height="50" fill="url(#g)"/>
            <text x="5" y="40" font-family="DejaVu Sans" font-size="40" fill="#c83c3c">Léa</text>
            """)
        let pixels = try Rendering.large(file)
        #expect(near(pixels.colour(0.98, 0.02), [255, 255, 255], within: 2))
        #expect(pixels.colour(0.1, 0.75)[0] + 100 < pixels.colour(0.9, 0.75)[0], "the gradient rises")
        #expect(pixels.box { $0[0] > 180 && $0[1] < 90 } != nil, "the text is there")
    }

    @Test func aHugeDrawingIsRefused() throws {
        for attributes in [
            "width=\"1000000\" height=\"1000000\"", "width=\"30000\" height=\"20000\"", "viewBox=\"0 0 9e6 9e6\"",
        ] {
            let error = try #require(Rendering.refusal(of: Self.svg(attributes, "<rect width=\"9\" height=\"9\"/>")))
            #expect(!error.retriable, "\(attributes): \(error)")
        }
    }

    /// A drawing may not fetch what the worker can read, files as little as addresses.
    @Test func nothingOutsideOfADrawingIsLoaded() throws {
        let folder = TestFolder()
        let picture = try folder.write("red.png", PNGBuilder.flat([255, 0, 0], depth: 8, colourType: 2))
        let text = try folder.write("secret.txt", Array("secret".utf8))
        let link = "xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"64\" height=\"64\""
        func image(_ target: String) -> [UInt8] {
            Self.svg(link, "<image width=\"64\" height=\"64\" xlink:href=\"\(target)\" href=\"\(target)\"/>")
        }
        let drawings = [
            image("file://\(picture)"), image(picture), image("http://127.0.0.1:1/red.png"),
            Self.svg(
                link + " xmlns:xi=\"http://www.w3.org/2001/XInclude\"",
                "<text y=\"50\" font-size=\"40\"><xi:include parse=\"text\" href=\"file://\(text)\"/></text>"),
            Self.svg(link, "<style>@import url(\"file://\(text)\");</style>"),
            Self.svg(link, "<use href=\"file://\(picture)#a\"/>"),
        ]
        for drawing in drawings {
            #expect(try Rendering.large(drawing).lowest(band: 1) > 250, "\(String(decoding: drawing, as: UTF8.self))")
        }
        let entity = Self.svg(
            link, "<text y=\"50\" font-size=\"40\">&a;</text>",
            before: "<!DOCTYPE svg [<!ENTITY a SYSTEM \"file://\(text)\">]>")
        if Rendering.refusal(of: entity) == nil {
            #expect(try Rendering.large(entity).lowest(band: 1) > 250, "an entity was read from a file")
        }
        // A picture inside of the drawing is no harm.
        let inside = Data(PNGBuilder.flat([255, 0, 0], depth: 8, colourType: 2)).base64EncodedString()
        #expect(near(try Rendering.colour(of: image("data:image/png;base64,\(inside)")), [254, 0, 0], within: 2))
    }

    @Test func aPackedDrawingIsNamed() throws {
        let error = try #require(
            Rendering.refusal(of: try Corpus.publicBytes("vips/test/test-suite/images/logo.svgz")))
        #expect((error.code, error.retriable) == ("unsupported", false))
        #expect(error.message.contains("a gzip archive"))
    }
}
