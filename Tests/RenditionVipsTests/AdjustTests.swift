import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

@Suite("The photographer's adjustments")
struct AdjustTests {
    private static func colour(_ adjustments: ColorAdjustments, of colour: [Double] = [200, 100, 50]) throws -> [Int] {
        let rendered = try Rendering.render(
            try Rendering.flat(PixelSize(width: 64, height: 64), colour),
            as: RenderInstructions(sizes: [.large], adjustments: adjustments))
        return try Pixels(rendered.renditions[0].bytes).colour(0.5, 0.5)
    }

    @Test func eachDoesWhatItSays() throws {
        // The luma of (200, 100, 50) is 124.2.
        #expect(near(try Self.colour(ColorAdjustments(brightness: 0.5)), [100, 50, 25], within: 2))
        #expect(near(try Self.colour(ColorAdjustments(contrast: 0.5)), [164, 114, 89], within: 2))
        #expect(near(try Self.colour(ColorAdjustments(saturation: 0)), [124, 124, 124], within: 2))
        #expect(near(try Self.colour(ColorAdjustments(saturation: 1.2)), [215, 95, 35], within: 2))
        #expect(near(try Self.colour(ColorAdjustments(brightness: 3)), [255, 255, 150], within: 2))
        #expect(
            near(
                try Self.colour(ColorAdjustments(brightness: 0.8, contrast: 1.2, saturation: 0.5)),
                // 0.8: (160, 80, 40); 1.2 about 128: (166.4, 70.4, 22.4), of luma 93.6; half of each.
                [130, 82, 58], within: 2))
    }

    @Test func noneChangesNothing() throws {
        let original = Corpus.samples.bytes("orientation-6.jpg")
        let plain = try Rendering.render(original).renditions.map(\.checksum)
        let adjusted = try Rendering.render(
            original, as: RenderInstructions(adjustments: ColorAdjustments(brightness: 1, contrast: 1, saturation: 1)))
        #expect(adjusted.renditions.map(\.checksum) == plain)
    }
}
