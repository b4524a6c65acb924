import CVips
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

@Suite("The render pipeline")
struct PipelineTests {
    @Test(arguments: [
        (4001, 3000), (4003, 2999), (5333, 4001), (2999, 4003), (801, 601), (1, 1), (1, 5000), (5000, 1), (4000, 4000),
        (399, 401), (2001, 2001), (12345, 77), (643, 4801),
    ])
    func sizesAreExactForAwkwardOriginals(_ width: Int, _ height: Int) throws {
        let original = try Rendering.flat(PixelSize(width: width, height: height), [90, 120, 150])
        let rendered = try Rendering.render(original)
        for rendition in rendered.renditions {
            #expect(try Pixels(rendition.bytes).size == rendition.size.fitted(PixelSize(width: width, height: height)))
        }
    }

    @Test func theFilesAreProgressiveWithFullChromaFromQuality90() throws {
        for rendition in try Rendering.render(Corpus.samples.bytes("DSC_0001.JPG")).renditions {
            let frame = try #require(JPEGFrame(rendition.bytes))
            #expect(frame.marker == 0xC2, "SOF2 is progressive DCT")
            #expect(frame.lumaSampling == (rendition.size.quality >= 90 ? 0x11 : 0x22))
        }
    }

    @Test func renditionsAreTheSameEveryTime() throws {
        let original = Corpus.samples.bytes("orientation-6.jpg")
        let checksums = try (0..<2).map { _ in try Rendering.render(original).renditions.map(\.checksum) }
        #expect(checksums[0] == checksums[1])
    }

    @Test(arguments: [
        "orientation-1.jpg", "scan-16bit.png", "scan.tif", "screenshot.webp", "animation.gif", "iphone.heic",
    ])
    func halfAPhotoIsNeverRendered(_ name: String) throws {
        let original = Corpus.samples.bytes(name)
        for share in [0.2, 0.5, 0.8, 0.95] {
            let cut = Array(original[..<Int(Double(original.count) * share)])
            // An animation is whole when its first picture is.
            if name == "animation.gif", share > 0.4 { continue }
            let error = #expect(throws: RenditionError.self, "\(name) cut at \(share)") { try Rendering.render(cut) }
            #expect(error?.retriable == false)
            #expect(error?.message.contains("damaged or incomplete") == true, "\(error?.message ?? "")")
        }
    }

    /// Half the light is 188 in sRGB's encoding.
    @Test(arguments: [1, 3]) func floatingPointPixelsAreLinearLight(_ bands: Int) throws {
        try VipsLibrary.start()
        let black = try Operation("black")
        try black.set("width", 8)
        try black.set("height", 8)
        try black.set("bands", bands)
        let linear = try Operation("linear")
        try linear.set("in", try black.image())
        try linear.set("a", [1])
        try linear.set("b", [0.5])
        let interpretation = bands == 3 ? VIPS_INTERPRETATION_scRGB : VIPS_INTERPRETATION_B_W
        let file = try Rendering.save(
            try Rendering.interpret(try linear.image(), interpretation), "tiffsave_buffer")
        let rendered = try Rendering.render(file)
        #expect(near(try Pixels(rendered.renditions[0].bytes).colour(0.5, 0.5), [188, 188, 188], within: 1))
    }

    @Test func limitsAreKept() throws {
        let original = Corpus.samples.bytes("orientation-1.jpg")
        func failure(_ limits: RenderLimits) -> RenditionError? {
            #expect(throws: RenditionError.self) { try Rendering.render(original, limits: limits) }
        }
        let pixels = failure(RenderLimits(pixels: 1200 * 800 - 1))
        #expect((pixels?.code, pixels?.retriable) == ("too_many_pixels", false))
        let bytes = failure(RenderLimits(bytes: original.count - 1))
        #expect((bytes?.code, bytes?.retriable) == ("too_large", false))
        let time = failure(RenderLimits(time: .zero))
        #expect((time?.code, time?.retriable) == ("too_slow", true))
        #expect(throws: Never.self) {
            try Rendering.render(original, limits: RenderLimits(pixels: 1200 * 800, bytes: original.count))
        }
    }

    @Test func photosRenderBesideEachOther() async throws {
        let names = [
            "orientation-5.jpg", "logo-alpha.png", "scan-16bit.png", "cmyk.jpg", "broken.jpg", "screenshot.webp",
        ]
        let alone = names.map { name in try? Rendering.render(Corpus.samples.bytes(name)).renditions.map(\.checksum) }
        let pool = DispatchPool(width: 4, label: "test")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for round in 0..<12 {
                group.addTask {
                    let index = round % names.count
                    let together = try await pool.run {
                        try? Rendering.render(Corpus.samples.bytes(names[index])).renditions.map(\.checksum)
                    }
                    #expect(together == alone[index], "\(names[index])")
                }
            }
            try await group.waitForAll()
        }
    }
}

/// The frame header of a JPEG file (ITU-T T.81, annex B.2.2).
private struct JPEGFrame {
    let marker: UInt8
    /// The first component's sampling factors, horizontal in the upper four bits.
    let lumaSampling: UInt8

    init?(_ file: [UInt8]) {
        var offset = 2
        while offset + 12 < file.count, file[offset] == 0xFF {
            let marker = file[offset + 1]
            if (0xC0...0xCF).contains(marker), marker != 0xC4 {
                self.marker = marker
                lumaSampling = file[offset + 11]
                return
            }
            offset += 2 + (Int(file[offset + 2]) << 8 | Int(file[offset + 3]))
        }
        return nil
    }
}
