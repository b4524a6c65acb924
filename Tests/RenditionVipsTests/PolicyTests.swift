import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

/// What renditions carry of their originals' metadata, seen by exiftool.
@Suite("The metadata policy")
struct PolicyTests {
    /// Names of tags that say where, with what or by whose hands a photo was made.
    private static let privateWords = [
        "GPS", "Serial", "OwnerName", "Make", "Model", "Lens", "Thumbnail", "Preview", "MakerNote", "DateTime",
        "CreateDate", "Software", "City", "Location", "Country",
    ]

    /// The tags of a rendition's metadata; neither the file's own nor the profile's.
    private static func carried(_ rendition: Rendition) async throws -> [String] {
        let folder = TestFolder()
        let path = try folder.write("r.jpg", rendition.bytes)
        let tags = try await ExifTool.read([path])
        let own = ["SourceFile", "ExifTool:", "System:", "File:", "JFIF:", "ICC", "Composite:"]
        return tags[0].names.filter { name in !own.contains { name.hasPrefix($0) } }
    }

    private static func thumbnail(_ original: [UInt8], _ policy: MetadataPolicy) throws -> Rendition {
        try Rendering.render(original, as: RenderInstructions(sizes: [.thumbnail], metadata: policy)).renditions[0]
    }

    /// Every JPEG of exiftool's own set is of another camera and full of what cameras write.
    @Test func publicRenditionsOfAnyCameraCarryNothingPrivate() async throws {
        let folder = "\(Corpus.publicFolder)/libimage-exiftool-perl/t/images"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".jpg") }
        var checked = 0
        for name in names.sorted() {
            let original = Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
            // Many are stubs of a few pixels, some not even that.
            guard let rendition = try? Self.thumbnail(original, .public) else { continue }
            let carried = try await Self.carried(rendition)
            let leaked = carried.filter { tag in Self.privateWords.contains { tag.contains($0) } }
            #expect(leaked.isEmpty, "\(name): \(leaked)")
            checked += 1
        }
        #expect(checked >= 20, "\(checked)")
    }

    @Test func eachPolicyCarriesWhatItSays() async throws {
        let original = Corpus.photos24.bytes("Été à Nice #3 (100%).jpg")
        let open = try await Self.carried(try Self.thumbnail(original, .public))
        #expect(Set(open) == ["IFD0:Artist", "IFD0:Copyright"])
        #expect(try await Self.carried(try Self.thumbnail(original, .none)).isEmpty)
        let full = try await Self.carried(try Self.thumbnail(original, .full))
        for tag in ["IFD0:Make", "IFD0:Model", "GPS:GPSLatitude", "ExifIFD:ISO", "IFD0:Copyright", "ExifIFD:LensModel"]
        {
            #expect(full.contains(tag), "\(tag) is missing in \(full)")
        }
        #expect(!full.contains("IFD0:Orientation") && !full.contains { $0.hasPrefix("IFD1") })
    }

    @Test func creditAndTermsGoOutAsXMP() async throws {
        var metadata = OriginalMetadata.read(UnsafeRawBufferPointer(start: nil, count: 0))
        metadata.values.copyright = "© Zoé & <Léa>"
        metadata.values.credit = "Studio Lefèvre"
        metadata.values.usageTerms = "Pas d'usage commercial"
        let file = try Self.thumbnail(Corpus.samples.bytes("orientation-1.jpg"), .none)
        let segments = JPEGSegments.segments(for: metadata, policy: .public)
        var rendition = file
        rendition.bytes = file.bytes.withUnsafeBytes { JPEGSegments.insert(segments, into: $0) }
        try ReadBackStep.check(rendition, against: .public)
        let folder = TestFolder()
        let tags = try await ExifTool.read([try folder.write("r.jpg", rendition.bytes)])[0]
        #expect(tags["XMP-photoshop:Credit"] == "Studio Lefèvre")
        #expect(tags["XMP-xmpRights:UsageTerms"] == "Pas d'usage commercial")
        #expect(tags["XMP-dc:Rights"] == "© Zoé & <Léa>")
    }
}

@Suite("Reading renditions back")
struct ReadBackTests {
    private static func rendition(_ segments: [UInt8]) throws -> Rendition {
        var rendition = try Rendering.render(
            Corpus.samples.bytes("orientation-1.jpg"), as: RenderInstructions(sizes: [.thumbnail], metadata: .none)
        ).renditions[0]
        rendition.bytes = rendition.bytes.withUnsafeBytes { JPEGSegments.insert(segments, into: $0) }
        return rendition
    }

    private static func segment(_ marker: UInt8, _ text: String, _ bytes: [UInt8] = []) -> [UInt8] {
        let body = Array(text.utf8) + bytes
        return [0xFF, marker, UInt8((body.count + 2) >> 8), UInt8((body.count + 2) & 255)] + body
    }

    private static let place = ExifBlockBuilder.build(
        [.text(0x8298, "© Zoé")], [],
        [.text(1, "N"), .rational(2, [(48, 1), (51, 1), (0, 1)])])

    private static let leaks: [(String, [UInt8])] = [
        ("a place in Exif", segment(0xE1, "Exif\0\0", place)),
        ("a camera in Exif", segment(0xE1, "Exif\0\0", ExifBlockBuilder.build([.text(0x0110, "NIKON Z 6")], [], []))),
        (
            "a place as an XMP attribute",
            segment(
                0xE1, "http://ns.adobe.com/xap/1.0/\0<rdf:Description exif:GPSLatitude=\"48,51N\" rdf:about=\"\"/>")
        ),
        (
            "a serial number as an XMP element",
            segment(0xE1, "http://ns.adobe.com/xap/1.0/\0<aux:SerialNumber>12</aux:SerialNumber>")
        ),
        ("IPTC", segment(0xED, "Photoshop 3.0\0")), ("a comment", segment(0xFE, "taken at home")),
        ("another picture", segment(0xE2, "MPF\0")), ("a maker's segment", segment(0xE3, "Meta")),
    ]

    @Test(arguments: leaks.map(\.0)) func whatMustNotGoOutIsHeldBack(_ name: String) throws {
        let bytes = try #require(Self.leaks.first { $0.0 == name }?.1)
        for policy in [MetadataPolicy.public, .none] {
            let error = #expect(throws: RenditionError.self) {
                try ReadBackStep.check(try Self.rendition(bytes), against: policy)
            }
            #expect((error?.code, error?.retriable) == ("private_metadata", true))
            #expect(error?.message.contains("held back") == true)
        }
    }

    @Test func whatMayGoOutPasses() throws {
        let fine = Self.segment(0xE1, "Exif\0\0", ExifWriter.block(artist: "Zoé", copyright: "© exif:GPS=1") ?? [])
        try ReadBackStep.check(try Self.rendition(fine), against: .public)
        try ReadBackStep.check(try Self.rendition([]), against: .none)
        #expect(throws: RenditionError.self) { try ReadBackStep.check(try Self.rendition(fine), against: .none) }
        try ReadBackStep.check(
            try Self.rendition(Self.segment(0xE1, "Exif\0\0", Self.place)), against: .full)
    }
}
