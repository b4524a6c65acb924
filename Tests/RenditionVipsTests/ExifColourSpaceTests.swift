import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

/// Cameras set to Adobe RGB mark their files in Exif, and some embed no profile.
@Suite("Colour spaces named by Exif")
struct ExifColourSpaceTests {
    /// A real photograph in Adobe RGB whose profile was taken out, and perhaps more changed.
    private static func bare(_ changes: String...) async throws -> [UInt8] {
        let folder = TestFolder()
        let path = try folder.write("_MG_8731.JPG", Corpus.photos24.bytes("_MG_8731.JPG"))
        let result = try await Command.run(
            "exiftool", ["-q", "-overwrite_original", "-ICC_Profile="] + changes + [path])
        try #require(result.status == 0, "\(result.errors)")
        return Array(FileManager.default.contents(atPath: path) ?? Data())
    }

    private static func mean(_ original: [UInt8]) throws -> (mean: [Double], metadata: PhotoMetadata) {
        let rendered = try Rendering.render(original, sizes: [.thumbnail])
        return (try Pixels(rendered.renditions[0].bytes).mean, rendered.metadata)
    }

    private static func near(_ one: [Double], _ other: [Double]) -> Bool {
        zip(one, other).allSatisfy { abs($0 - $1) < 0.5 }
    }

    @Test func theMarkStandsForTheProfile() async throws {
        let tagged = try Self.mean(Corpus.photos24.bytes("_MG_8731.JPG"))
        let bare = try Self.mean(try await Self.bare())
        #expect(Self.near(bare.mean, tagged.mean), "\(bare.mean), \(tagged.mean)")
        #expect(!bare.metadata.hasProfile)
        #expect(bare.metadata.profileName == "Adobe RGB (1998)")
        #expect(try #require(bare.metadata.deltaE) < 0.5)
    }

    @Test func withoutTheMarkOrWithSRGBsNameItIsSRGB() async throws {
        let tagged = try Self.mean(Corpus.photos24.bytes("_MG_8731.JPG"))
        for changes in ["-InteropIndex=", "-ColorSpace#=1"] {
            let plain = try Self.mean(try await Self.bare(changes))
            #expect(!Self.near(plain.mean, tagged.mean), "\(changes)")
            #expect(plain.metadata.profileName == nil)
        }
    }
}
