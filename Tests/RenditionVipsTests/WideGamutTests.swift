import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

@Suite("Display P3 renditions")
struct WideGamutTests {
    /// A green that no sRGB screen shows, tagged as Display P3.
    private static func green() throws -> [UInt8] {
        let file = try Rendering.flat(PixelSize(width: 60, height: 40), [0, 255, 0], as: "jpegsave_buffer")
        let segment = JPEGSegments.segments(
            for: OriginalMetadata.read(UnsafeRawBufferPointer(start: nil, count: 0)), policy: .none,
            profile: CompactP3Profile.bytes)
        return file.withUnsafeBytes { JPEGSegments.insert(segment, into: $0) }
    }

    private static func profile(_ file: [UInt8]) throws -> [UInt8]? {
        try file.withUnsafeBytes { try PictureFile.open($0, .jpeg).image.blob("icc-profile-data") }
    }

    @Test func coloursBeyondSRGBAreKeptWhereItIsAskedFor() throws {
        let wide = try Rendering.render(
            try Self.green(), as: RenderInstructions(sizes: [.large], gamut: .p3)
        ).renditions[0].bytes
        #expect(try Self.profile(wide) == CompactP3Profile.bytes)
        #expect(near(try Pixels(wide).colour(0.5, 0.5), [0, 255, 0], within: 4))
        // As sRGB it is the nearest that there is, which is another triple.
        let narrow = try Rendering.render(try Self.green(), sizes: [.large]).renditions[0].bytes
        #expect(try Self.profile(narrow) == CompactSRGBProfile.bytes)
    }

    @Test func whatFitsIntoSRGBStaysThere() throws {
        for name in ["orientation-1.jpg", "scan-16bit.png", "cmyk.jpg"] {
            let rendered = try Rendering.render(
                Corpus.samples.bytes(name), as: RenderInstructions(sizes: [.thumbnail], gamut: .p3)
            ).renditions[0]
            let plain = try Rendering.render(Corpus.samples.bytes(name), sizes: [.thumbnail]).renditions[0]
            #expect(rendered.checksum == plain.checksum, "\(name)")
        }
    }
}
