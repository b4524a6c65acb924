import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

@Suite("A photo's sketch")
struct SketchTests {
    private static func sketch(_ original: [UInt8], _ sizes: [RenditionSize] = [.thumbnail]) throws -> PhotoSketch {
        try #require(try Rendering.render(original, sizes: sizes).sketch)
    }

    private static func distance(_ one: PhotoSketch, _ other: PhotoSketch) -> Int {
        let bits = [one, other].map { UInt64($0.perceptualHash, radix: 16) ?? 0 }
        return (bits[0] ^ bits[1]).nonzeroBitCount
    }

    /// By the format's rules, the first bytes hold the mean colour, and the last bit of the head the aspect.
    @Test func thePlaceholderHoldsColourAndShape() throws {
        for (size, isLandscape) in [
            (PixelSize(width: 300, height: 200), true), (PixelSize(width: 200, height: 300), false),
        ] {
            let sketch = try Self.sketch(try Rendering.flat(size, [200, 100, 50]))
            let hash = Array(try #require(Data(base64Encoded: sketch.placeholder)))
            let head = Int(hash[0]) | Int(hash[1]) << 8 | Int(hash[2]) << 16
            let (l, p, q) = (
                Double(head & 63) / 63, Double(head >> 6 & 63) / 31.5 - 1, Double(head >> 12 & 63) / 31.5 - 1
            )
            let blue = l - 2 / 3 * p
            let red = (3 * l - blue + q) / 2
            let colour = [red, red - q, blue].map { Int((255 * $0).rounded()) }
            #expect(near(colour, [200, 100, 50], within: 8), "\(colour)")
            #expect((hash[4] & 128 != 0) == isLandscape)
            #expect(hash[3] & 7 == 5, "two thirds of seven terms")
        }
    }

    @Test func theDominantColourIsThatOfMostPixels() throws {
        #expect(
            try Self.sketch(try Rendering.flat(PixelSize(width: 90, height: 60), [18, 52, 86])).dominantColor
                == "#123456")
        let red = try Self.sketch(
            try Rendering.discOnTransparentBlack(PixelSize(width: 90, height: 90), [220, 30, 30]))
        #expect(red.dominantColor == "#ffffff", "the ground, white, covers a little more than the disc")
    }

    @Test func alikeIsNearAndUnlikeIsFar() throws {
        let names = ["DSC_0977.JPG", "P1020455.JPG", "IMG_2031.jpg", "DSC_0412.JPG"]
        let sketches = try names.map { try Self.sketch(Corpus.photos24.bytes($0)) }
        for (index, name) in names.enumerated() {
            // The small rendition as an original of its own: reduced, turned upright and recompressed.
            let small = try Rendering.render(Corpus.photos24.bytes(name), sizes: [.small]).renditions[0].bytes
            #expect(Self.distance(try Self.sketch(small), sketches[index]) <= 6, "\(name)")
            for other in sketches.indices where other != index {
                #expect(Self.distance(sketches[other], sketches[index]) >= 14, "\(name), \(names[other])")
            }
        }
    }

    @Test func aSinglePixelHasOneToo() throws {
        let sketch = try Self.sketch(try Rendering.flat(PixelSize(width: 1, height: 1), [10, 20, 30]))
        #expect(sketch.dominantColor == "#0a141e")
    }
}
