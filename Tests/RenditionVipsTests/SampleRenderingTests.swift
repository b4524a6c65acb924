import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

@Suite("Rendering the samples")
struct SampleRenderingTests {
    @Test func theSamplesAreThere() {
        #expect(Corpus.samples.photos.count >= 24, "run scripts/test, which makes them")
    }

    @Test(arguments: Corpus.samples.photos.filter { $0.expected == "active" })
    func everySizeFitsItsBoxUpright(_ photo: Corpus.Photo) throws {
        let original = Corpus.samples.bytes(photo.name)
        let rendered = try Rendering.render(original)
        let upright = PixelSize(width: try #require(photo.width), height: try #require(photo.height))
        #expect(rendered.probe.upright == upright)
        #expect(rendered.probe.format.rawValue == photo.format)
        #expect(rendered.renditions.map(\.size) == RenditionSize.all)
        for rendition in rendered.renditions {
            #expect(rendition.pixels == rendition.size.fitted(upright))
            #expect(try Pixels(rendition.bytes).size == rendition.pixels)
            #expect(rendition.checksum == Checksum.sha256(rendition.bytes))
        }
    }

    @Test(arguments: Corpus.samples.photos.filter { $0.expected == "failed" })
    func whatIsNoWholePhotoIsRefused(_ photo: Corpus.Photo) throws {
        let error = #expect(throws: RenditionError.self) {
            try Rendering.render(Corpus.samples.bytes(photo.name))
        }
        #expect(error?.retriable == false)
        #expect(["damaged", "unsupported"].contains(error?.code))
    }

    /// Upright, every orientation sample has red, green, blue and yellow in its corners, in reading order.
    @Test(arguments: 1...8)
    func everyOrientationComesOutUpright(_ orientation: Int) throws {
        let rendered = try Rendering.render(Corpus.samples.bytes("orientation-\(orientation).jpg"))
        #expect(rendered.probe.orientation == orientation)
        for rendition in rendered.renditions {
            let pixels = try Pixels(rendition.bytes)
            #expect(pixels.size.width > pixels.size.height)
            for (x, y, colour) in [
                (0.05, 0.05, [220, 40, 40]), (0.95, 0.05, [40, 180, 60]), (0.05, 0.95, [40, 80, 220]),
                (0.95, 0.95, [230, 200, 40]),
            ] {
                let found = pixels.colour(x, y)
                #expect(near(found, colour, within: 12), "\(rendition.size.name) at \(x), \(y): \(found)")
            }
        }
    }

    @Test func transparencyLiesOnWhite() throws {
        let rendered = try Rendering.render(Corpus.samples.bytes("logo-alpha.png"))
        for rendition in rendered.renditions {
            let pixels = try Pixels(rendition.bytes)
            for (x, y) in [(0.01, 0.01), (0.99, 0.01), (0.01, 0.99), (0.99, 0.99)] {
                #expect(near(pixels.colour(x, y), [255, 255, 255], within: 3))
            }
        }
    }
}
