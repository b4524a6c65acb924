import CVips
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

@Suite("Further formats")
struct FurtherFormatTests {
    private static let sizes: [RenditionSize] = [.thumbnail, .medium]

    private static func render(_ original: [UInt8]) throws -> RenderedPhoto {
        let further = Dictionary(uniqueKeysWithValues: sizes.map { ($0.name, [RenditionFormat.webp, .avif]) })
        return try Rendering.render(
            original, as: RenderInstructions(sizes: sizes, furtherFormats: further))
    }

    @Test func theyShowTheSamePhotoInFewerBytes() throws {
        let renditions = try Self.render(Corpus.photos24.bytes("DSC_0977.JPG")).renditions
        #expect(renditions.map(\.format) == [.jpeg, .webp, .avif, .jpeg, .webp, .avif])
        for group in [renditions[..<3], renditions[3...]] {
            let jpeg = try #require(group.first)
            let shown = try Pixels(jpeg.bytes)
            for other in group.dropFirst() {
                #expect(other.bytes.count < jpeg.bytes.count, "\(other.format) \(other.size.name)")
                let pixels = try Pixels(try Self.decoded(other))
                #expect(pixels.size == jpeg.pixels)
                let (one, two) = (pixels.mean, shown.mean)
                #expect(zip(one, two).allSatisfy { abs($0 - $1) < 2 }, "\(other.format): \(one), \(two)")
            }
        }
    }

    @Test func theyCarryTheProfileAndNothingElse() throws {
        for rendition in try Self.render(Corpus.photos24.bytes("DSC_0977.JPG")).renditions.dropFirst() {
            guard rendition.format != .jpeg else { continue }
            let text = String(decoding: rendition.bytes, as: UTF8.self)
            #expect(!text.contains("Exif") && !text.contains("NIKON") && !text.contains("<x:xmpmeta"))
            let profile = try Self.blob("icc-profile-data", of: rendition)
            // An AVIF without a profile is sRGB.
            #expect(profile == (rendition.format == .webp ? CompactSRGBProfile.bytes : nil))
        }
    }

    private static func loader(_ rendition: Rendition) -> String {
        rendition.format == .avif ? "heifload_buffer" : "webpload_buffer"
    }

    private static func decoded(_ rendition: Rendition) throws -> [UInt8] {
        VipsLoaders.unblock("VipsForeignLoadHeifBuffer")
        defer { VipsLoaders.all.allow() }
        return try rendition.bytes.withUnsafeBytes { bytes in
            let load = try Operation(loader(rendition))
            try load.set("buffer", bytes: bytes)
            return try Rendering.save(try load.image(), "pngsave_buffer")
        }
    }

    private static func blob(_ name: String, of rendition: Rendition) throws -> [UInt8]? {
        VipsLoaders.unblock("VipsForeignLoadHeifBuffer")
        defer { VipsLoaders.all.allow() }
        return try rendition.bytes.withUnsafeBytes { bytes in
            let load = try Operation(loader(rendition))
            try load.set("buffer", bytes: bytes)
            return try load.image().blob(name)
        }
    }
}
