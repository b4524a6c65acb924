import CVips
import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

/// The kinds of JPEG that cameras, telephones and print programs write.
@Suite("JPEG originals")
struct JPEGKindTests {
    private static let red: [UInt8] = [200, 60, 60]
    private static let green: [UInt8] = [60, 160, 90]

    /// By the Independent JPEG Group's own program.
    private static func cjpeg(_ arguments: [String]) async throws -> [UInt8] {
        try await Tool.make(
            "cjpeg", arguments + ["-quality", "95", "-outfile", "{out}", "{in}"], from: Tool.pixmap(red, green),
            named: "in.ppm", to: "out.jpg")
    }

    @Test(arguments: [
        ["-sample", "1x1"], ["-sample", "2x1"], ["-sample", "2x2"], ["-sample", "4x1"], ["-sample", "1x2"],
        ["-progressive"], ["-arithmetic"], ["-arithmetic", "-progressive"], ["-restart", "1"], ["-rgb"], ["-baseline"],
    ]) func whatTheReferenceEncoderWritesIsRead(_ arguments: [String]) async throws {
        let pixels = try Rendering.large(try await Self.cjpeg(arguments))
        #expect(pixels.size == PixelSize(width: 64, height: 64))
        #expect(near(pixels.colour(0.5, 0.2), [200, 60, 60], within: 3), "\(pixels.colour(0.5, 0.2))")
        #expect(near(pixels.colour(0.5, 0.8), [60, 160, 90], within: 3), "\(pixels.colour(0.5, 0.8))")
    }

    /// A second picture behind the first, as panoramas' and telephones' multi-picture files have it, and what else may follow.
    @Test func whatFollowsThePictureIsNoMatter() async throws {
        let first = try await Self.cjpeg([])
        let second = try Rendering.flat(PixelSize(width: 200, height: 100), [0, 0, 255], as: "jpegsave_buffer")
        for file in [first + second, first + [UInt8](repeating: 0, count: 5000), first + [0xFF, 0xD8, 1, 2, 3]] {
            let pixels = try Rendering.large(file)
            #expect(pixels.size == PixelSize(width: 64, height: 64))
            #expect(near(pixels.colour(0.5, 0.2), [200, 60, 60], within: 3))
        }
    }

    // MARK: Ink

    /// Inks in the order C, M, Y, K, 0–255, that make a red.
    private static func inks() throws -> (values: [UInt8], colour: [Int]) {
        let file = try Rendering.flat(PixelSize(width: 16, height: 16), [200, 60, 60])
        return try file.withUnsafeBytes { bytes in
            let transform = try Operation("icc_transform")
            try transform.set("in", try PictureFile.open(bytes, .png).image)
            try transform.set("output-profile", "cmyk")
            try transform.set("input-profile", "srgb")
            try transform.set("intent", Int(VIPS_INTENT_RELATIVE.rawValue))
            try transform.set("black-point-compensation", true)
            return (Array(try transform.image().pixels()[..<4]), [200, 60, 60])
        }
    }

    /// A JPEG of four channels, inverted and with Adobe's marker, as Photoshop and libvips write it; without a profile.
    private static func fourChannels(_ values: [UInt8]) throws -> [UInt8] {
        let pixels = Array(repeating: values, count: 64 * 64).flatMap { $0 }
        let handle = pixels.withUnsafeBytes {
            vips_image_new_from_memory_copy($0.baseAddress, $0.count, 64, 64, 4, VIPS_FORMAT_UCHAR)
        }
        let image = try Rendering.interpret(Image(owning: try #require(handle)), VIPS_INTERPRETATION_CMYK)
        let operation = try Operation("jpegsave_buffer")
        try operation.set("in", image)
        try operation.set("Q", 100)
        try operation.set("strip", true)
        try operation.set("subsample-mode", Int(VIPS_FOREIGN_SUBSAMPLE_OFF.rawValue))
        return try operation.bytes { Array($0) }
    }

    /// Where Adobe's marker begins.
    private static func adobe(_ file: [UInt8]) throws -> Int {
        try #require(file.firstRange(of: [0xFF, 0xEE, 0, 14] + Array("Adobe".utf8))).lowerBound
    }

    @Test func inkIsInvertedWithAdobesMarkerAndWithout() throws {
        let (values, colour) = try Self.inks()
        let marked = try Self.fourChannels(values)
        let place = try Self.adobe(marked)
        // Tools that strip metadata strip the marker too. Browsers take such a file for inverted, like any other.
        let bare = Array(marked[..<place] + marked[(place + 16)...])
        for file in [marked, bare] {
            let found = try Rendering.colour(of: file)
            #expect(near(found, colour, within: 6), "\(found)")
        }
    }

    /// Cyan, magenta and yellow as one brightness and two differences: Adobe's transform 2, the last byte of the marker.
    @Test func ycckIsRead() throws {
        let (values, colour) = try Self.inks()
        let (c, m, y) = (Double(values[0]), Double(values[1]), Double(values[2]))
        // ITU-T T.871, section 7. What is saved as ink is stored inverted.
        let luma = 0.299 * c + 0.587 * m + 0.114 * y
        let differences = [128 + 0.564 * (y - luma), 128 + 0.713 * (c - luma)]
        var file = try Self.fourChannels(([luma] + differences).map { UInt8((255 - $0).rounded()) } + [values[3]])
        file[try Self.adobe(file) + 15] = 2
        let found = try Rendering.colour(of: file)
        #expect(near(found, colour, within: 6), "\(found)")
    }

    /// A profile for RGB in a file of inks: the inks are read as ink all the same.
    @Test func aProfileThatDoesNotFitIsNotUsed() throws {
        let (values, colour) = try Self.inks()
        let plain = try Self.fourChannels(values)
        let body = Array("ICC_PROFILE\0".utf8) + [1, 1] + CompactP3Profile.bytes
        let length = body.count + 2
        let tagged = plain[..<2] + [0xFF, 0xE2, UInt8(length >> 8), UInt8(length & 255)] + body + plain[2...]
        let rendered = try Rendering.render(Array(tagged), sizes: [.large])
        let found = try Pixels(rendered.renditions[0].bytes).colour(0.5, 0.5)
        #expect(near(found, colour, within: 8), "\(found)")
    }

    // MARK: Grey

    @Test func greyIsReadByItsProfile() throws {
        let plain = try Rendering.flat(PixelSize(width: 32, height: 32), [128])
        let tagged = try plain.withUnsafeBytes { bytes in
            let opened = try PictureFile.open(bytes, .png)
            opened.image.setBlob("icc-profile-data", CompactProfile.grey("Grey gamma 1.8", curve: .gamma(1.8)))
            return try Rendering.save(opened.image, "jpegsave_buffer")
        }
        let rendered = try Rendering.render(tagged, sizes: [.large])
        // (128/255)^1.8 of the light, in sRGB's encoding.
        let found = try Pixels(rendered.renditions[0].bytes).colour(0.5, 0.5)
        #expect(near(found, [147, 147, 147], within: 1), "\(found)")
        #expect(rendered.metadata.hasProfile)
        #expect(rendered.metadata.profileName == "Grey gamma 1.8")
    }

    // MARK: What can't be shown

    /// The byte behind the frame's marker and length is the precision.
    @Test func whatCannotBeShownIsNamed() async throws {
        let plain = try await Self.cjpeg(["-baseline"])
        let frame = try #require(plain.firstRange(of: [0xFF, 0xC0, 0, 17])).lowerBound
        var (deep, lossless, hierarchical) = (plain, plain, plain)
        deep[frame + 4] = 12
        lossless[frame + 1] = 0xC3
        hierarchical[frame + 1] = 0xC5
        for (file, words) in [(deep, "12 bits"), (lossless, "lossless JPEG"), (hierarchical, "hierarchical JPEG")] {
            let error = try #require(Rendering.refusal(of: file))
            #expect((error.code, error.retriable) == ("unsupported", false))
            #expect(error.message.contains(words), "\(error.message)")
        }
    }

    @Test func theReferenceDecodersOwn12BitsAreNamed() throws {
        let error = try #require(
            Rendering.refusal(of: try Corpus.publicBytes("libjpeg-turbo/testimages/testorig12.jpg")))
        #expect(error.code == "unsupported")
        #expect(error.message.contains("12 bits a channel"))
    }
}

extension Corpus {
    /// The bytes of a file of the public corpora.
    static func publicBytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(publicFolder)/\(path)")))
    }
}
