import CVips
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

@Suite("Output sharpening")
struct SharpeningTests {
    private static let (dark, light) = (60, 190)

    /// An edge that leans by five degrees, as ISO 12233 has it, three times as large as `medium`.
    private static func slantedEdge() throws -> [UInt8] {
        try VipsLibrary.start()
        let size = PixelSize(width: 2400, height: 1600)
        var pixels = [UInt8](repeating: UInt8(dark), count: size.pixels * 3)
        for row in 0..<size.height {
            let edge = 1200 + (row - 800) * 9 / 100
            for index in ((row * size.width + edge) * 3)..<((row + 1) * size.width * 3) { pixels[index] = UInt8(light) }
        }
        let handle = pixels.withUnsafeBytes {
            vips_image_new_from_memory_copy($0.baseAddress, $0.count, 2400, 1600, 3, VIPS_FORMAT_UCHAR)
        }
        return try Rendering.save(
            try Rendering.interpret(Image(owning: try #require(handle)), VIPS_INTERPRETATION_sRGB), "pngsave_buffer")
    }

    private static let size = RenditionSize(name: "edge", box: PixelSize(width: 600, height: 400), quality: 100)

    /// The overshoot as a share of the step, and the steepest difference of neighbours.
    private static func measure(_ sharpening: Sharpening) throws -> (overshoot: Double, steepest: Int) {
        let rendered = try Rendering.render(
            try slantedEdge(), as: RenderInstructions(sizes: [size], sharpening: sharpening))
        let pixels = try Pixels(rendered.renditions[0].bytes)
        let values = (0..<pixels.size.height).flatMap { row in (0..<pixels.size.width).map { pixels[$0, row][1] } }
        let step = Double(light - dark)
        let beyond = max((values.max() ?? 0) - light, dark - (values.min() ?? 0))
        let steepest = (0..<pixels.size.height).map { row in
            (1..<pixels.size.width).map { pixels[$0, row][1] - pixels[$0 - 1, row][1] }.max() ?? 0
        }
        return (Double(beyond) / step, steepest.reduce(0, +) / steepest.count)
    }

    /// Lanczos itself overshoots by some 9 %; the limits hold for both together.
    @Test func edgesGetSteeperWithinALimit() throws {
        let (off, standard, strong) = (try Self.measure(.off), try Self.measure(.standard), try Self.measure(.strong))
        #expect(off.overshoot <= 0.10, "\(off)")
        #expect(standard.overshoot <= 0.14, "\(standard)")
        #expect(strong.overshoot <= 0.20, "\(strong)")
        #expect(off.steepest < standard.steepest && standard.steepest < strong.steepest, "\(off) \(standard) \(strong)")
    }

    @Test func whatWasNotReducedIsNotSharpened() throws {
        let original = Corpus.samples.bytes("orientation-1.jpg")
        let sizes: [RenditionSize] = [.medium, .thumbnail]
        let plain = try Rendering.render(original, sizes: sizes).renditions
        let sharp = try Rendering.render(original, as: RenderInstructions(sizes: sizes, sharpening: .strong)).renditions
        #expect(sharp[0].checksum == plain[0].checksum)
        #expect(sharp[1].checksum != plain[1].checksum)
    }

    /// Red letters on blue are where chroma subsampling shows first.
    @Test func redOnBlueStaysRedOnBlue() throws {
        try VipsLibrary.start()
        let size = PixelSize(width: 1800, height: 1200)
        var pixels: [UInt8] = []
        for _ in 0..<size.height {
            // Strokes of two pixels in `medium`'s own resolution: nothing is reduced.
            for column in 0..<size.width { pixels += column % 8 < 2 ? [220, 20, 20] : [20, 20, 200] }
        }
        let handle = pixels.withUnsafeBytes {
            vips_image_new_from_memory_copy($0.baseAddress, $0.count, 1800, 1200, 3, VIPS_FORMAT_UCHAR)
        }
        let original = try Rendering.save(
            try Rendering.interpret(Image(owning: try #require(handle)), VIPS_INTERPRETATION_sRGB), "pngsave_buffer")
        let rendered = try Rendering.render(original, sizes: [.medium]).renditions[0]
        let shown = try Pixels(rendered.bytes)
        let (red, blue) = (shown[800, 600], shown[805, 600])
        #expect(near(red, [220, 20, 20], within: 40), "\(red)")
        #expect(near(blue, [20, 20, 200], within: 40), "\(blue)")
    }
}
