import CVips
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

@Suite("Colour")
struct ColourTests {
    /// An original of one sRGB colour, stored in another space with that space's profile.
    private func original(_ colour: [Double], in profile: String) throws -> [UInt8] {
        let file = try Rendering.flat(PixelSize(width: 64, height: 64), colour)
        return try file.withUnsafeBytes { bytes in
            let transform = try Operation("icc_transform")
            try transform.set("in", try PictureFile.open(bytes, .png).image)
            try transform.set("output-profile", profile)
            try transform.set("input-profile", "srgb")
            try transform.set("intent", Int(VIPS_INTENT_RELATIVE.rawValue))
            try transform.set("black-point-compensation", true)
            return try Rendering.save(try transform.image(), "tiffsave_buffer")
        }
    }

    @Test(arguments: [[200.0, 60, 60], [60, 160, 90], [70, 90, 190], [128, 128, 128], [240, 235, 225]])
    func aWideGamutOriginalKeepsItsColours(_ colour: [Double]) throws {
        let original = try original(colour, in: "p3")
        let stored = try Pixels(original).colour(0.5, 0.5)
        let rendered = try Rendering.render(original)
        #expect(rendered.metadata.hasProfile)
        let found = try Pixels(rendered.renditions[3].bytes).colour(0.5, 0.5)
        #expect(near(found, colour.map { Int($0) }, within: 2), "\(found) for \(colour)")
        if Set(colour).count > 1, colour[0] < 230 {
            #expect(!near(stored, colour.map { Int($0) }, within: 4), "the original must need the conversion")
        }
    }

    @Test func aBrokenProfileIsAWarningAndNoFailure() throws {
        let original = try original([200, 60, 60], in: "p3")
        let marker = try #require(original.firstRange(of: Array("acsp".utf8)))
        let profile = marker.lowerBound - 36
        var warned = 0
        // One byte of the profile at a time, past its header: its tag table and its curves.
        for offset in stride(from: profile + 128, to: min(profile + 560, original.count), by: 3) {
            var broken = original
            broken[offset] ^= 0xFF
            let rendered = try Rendering.render(broken, sizes: [.thumbnail])
            warned += rendered.metadata.warnings.isEmpty ? 0 : 1
        }
        #expect(warned > 0)
    }

    @Test func cmykComesOutAsItsColours() throws {
        let original = try original([200, 60, 60], in: "cmyk")
        let found = try Pixels(try Rendering.render(original).renditions[3].bytes).colour(0.5, 0.5)
        #expect(near(found, [200, 60, 60], within: 6), "\(found)")
    }

    @Test func greyComesOutGrey() throws {
        let original = try Rendering.flat(PixelSize(width: 64, height: 64), [120])
        let found = try Pixels(try Rendering.render(original).renditions[0].bytes).colour(0.5, 0.5)
        #expect(near(found, [120, 120, 120], within: 1), "\(found)")
    }

    @Test func sixteenBitsAreRoundedAndNotCut() throws {
        let file = try Rendering.flat(PixelSize(width: 64, height: 64), [10, 100, 250])
        let deep = try file.withUnsafeBytes { bytes in
            let shift = try Operation("colourspace")
            try shift.set("in", try PictureFile.open(bytes, .png).image)
            try shift.set("space", Int(VIPS_INTERPRETATION_RGB16.rawValue))
            return try Rendering.save(try shift.image(), "pngsave_buffer")
        }
        let rendered = try Rendering.render(deep)
        #expect(rendered.probe.bytesPerPixel == 6)
        let found = try Pixels(rendered.renditions[3].bytes).colour(0.5, 0.5)
        #expect(near(found, [10, 100, 250], within: 2), "\(found)")
    }

    @Test func everyRenditionEmbedsTheCompactProfile() throws {
        for rendition in try Rendering.render(Corpus.samples.bytes("orientation-1.jpg")).renditions {
            let profile = try rendition.bytes.withUnsafeBytes { bytes in
                try PictureFile.open(bytes, .jpeg).image.blob("icc-profile-data")
            }
            #expect(profile == CompactSRGBProfile.bytes)
        }
        #expect(CompactSRGBProfile.bytes.count < 600)
    }

    /// littlecms must find the same colours in the compact profile as in libvips' own sRGB.
    @Test func theCompactProfileIsSRGB() throws {
        #expect(ICCProfile(CompactSRGBProfile.bytes)?.isSRGB == true)
        #expect(ICCProfile(CompactSRGBProfile.bytes)?.name == "sRGB")
        let folder = TestFolder()
        let path = try folder.write("compact.icc", CompactSRGBProfile.bytes)
        for colour in [[10.0, 20, 30], [200, 60, 60], [0, 255, 0], [250, 250, 250], [3, 3, 3]] {
            let file = try Rendering.flat(PixelSize(width: 8, height: 8), colour)
            let found = try file.withUnsafeBytes { bytes -> [UInt8] in
                let transform = try Operation("icc_transform")
                try transform.set("in", try PictureFile.open(bytes, .png).image)
                try transform.set("input-profile", path)
                try transform.set("output-profile", "srgb")
                try transform.set("intent", Int(VIPS_INTENT_RELATIVE.rawValue))
                return Array(try transform.image().pixels()[..<3])
            }
            #expect(near(found.map(Int.init), colour.map { Int($0) }, within: 1), "\(found) for \(colour)")
        }
    }

    @Test func onlySRGBPassesForSRGB() throws {
        let profiles = try ["srgb", "p3", "cmyk"].map { name in
            try ICCProfile(#require(embedded(in: try original([1, 2, 3], in: name))))
        }
        #expect(profiles.map { $0?.isSRGB } == [true, false, false])
        #expect(ICCProfile([]) == nil)
        #expect(ICCProfile([UInt8](repeating: 0, count: 500)) == nil)
        for length in 0..<CompactSRGBProfile.bytes.count {
            #expect(ICCProfile(Array(CompactSRGBProfile.bytes[..<length]))?.isSRGB != true)
        }
    }

    private func embedded(in file: [UInt8]) throws -> [UInt8]? {
        try file.withUnsafeBytes { try PictureFile.open($0, .tiff).image.blob("icc-profile-data") }
    }
}
