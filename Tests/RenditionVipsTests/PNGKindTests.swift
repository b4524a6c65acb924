import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

/// The kinds of PNG that programs and screenshots come in.
@Suite("PNG originals")
struct PNGKindTests {
    struct Kind: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let colour: [Int]
        var testDescription: String { name }

        init(
            _ name: String, _ pixel: [UInt8], _ depth: Int, _ colourType: Int, is colour: [Int],
            _ chunks: [[UInt8]] = []
        ) {
            self.name = name
            bytes = PNGBuilder.flat(pixel, depth: depth, colourType: colourType, chunks: chunks)
            self.colour = colour
        }
    }

    private static func chunk(_ kind: String, _ body: [UInt8]) -> [UInt8] { PNGBuilder.chunk(kind, body) }

    private static let white = [255, 255, 255]
    private static let kinds: [Kind] = [
        Kind("1 bit", [0xFF], 1, 0, is: white), Kind("2 bits", [0xAA], 2, 0, is: [170, 170, 170]),
        Kind("4 bits", [0x33], 4, 0, is: [51, 51, 51]), Kind("8 bits", [128], 8, 0, is: [128, 128, 128]),
        Kind("16 bits", [128, 128], 16, 0, is: [128, 128, 128]),
        Kind("RGB of 8 bits", [200, 60, 60], 8, 2, is: [200, 60, 60]),
        Kind("RGB of 16 bits", [200, 200, 60, 60, 60, 60], 16, 2, is: [200, 60, 60]),
        Kind("grey and alpha of 8 bits", [0, 128], 8, 4, is: [127, 127, 127]),
        Kind("grey and alpha of 16 bits", [0, 0, 128, 128], 16, 4, is: [127, 127, 127]),
        Kind("RGBA of 8 bits", [200, 60, 60, 128], 8, 6, is: [227, 157, 157]),
        Kind("RGBA of 16 bits", [200, 200, 60, 60, 60, 60, 128, 128], 16, 6, is: [227, 157, 157]),
        Kind(
            "palette of 2 bits", [0x55], 2, 3, is: [200, 60, 60],
            [chunk("PLTE", [0, 0, 0, 200, 60, 60, 0, 0, 0, 0, 0, 0])]),
        Kind(
            "palette with transparency", [1], 8, 3, is: [227, 157, 157],
            [chunk("PLTE", [0, 0, 0, 200, 60, 60]), chunk("tRNS", [255, 128])]),
        Kind("a transparent grey", [128], 8, 0, is: white, [chunk("tRNS", [0, 128])]),
        Kind("a transparent grey of 4 bits", [0x33], 4, 0, is: white, [chunk("tRNS", [0, 3])]),
        Kind("a transparent grey of 16 bits", [128, 7], 16, 0, is: white, [chunk("tRNS", [128, 7])]),
        Kind("a transparent colour", [200, 60, 60], 8, 2, is: white, [chunk("tRNS", [0, 200, 0, 60, 0, 60])]),
        Kind(
            "another transparent colour", [200, 60, 60], 8, 2, is: [200, 60, 60],
            [
                chunk("tRNS", [0, 200, 0, 60, 0, 61])
            ]),
        Kind(
            "a transparent colour of 16 bits", [200, 1, 60, 2, 60, 3], 16, 2, is: white,
            [chunk("tRNS", [200, 1, 60, 2, 60, 3])]),
    ]

    @Test(arguments: kinds) func itsColoursComeOut(_ kind: Kind) throws {
        let found = try Rendering.colour(of: kind.bytes)
        #expect(near(found, kind.colour, within: 1), "\(found) instead of \(kind.colour)")
    }

    @Test func interlacedPicturesAreRead() throws {
        let original = Corpus.samples.bytes("scan-16bit.png")
        let interlaced = try original.withUnsafeBytes { bytes in
            let operation = try Operation("pngsave_buffer")
            try operation.set("in", try PictureFile.open(bytes, .png).image)
            try operation.set("interlace", true)
            return try operation.bytes { Array($0) }
        }
        #expect(interlaced[28] == 1, "the header says so")
        let checksums = try [original, interlaced].map {
            try Rendering.render($0, sizes: [.small]).renditions[0].checksum
        }
        #expect(checksums[0] == checksums[1])
    }

    /// The picture that programs without animation show (PNG, third edition, section 4.9).
    @Test func anAnimationShowsItsStillPicture() throws {
        let still = PNGBuilder.flat(
            [200, 60, 60], depth: 8, colourType: 2, chunks: [Self.chunk("acTL", [0, 0, 0, 1, 0, 0, 0, 0])])
        let frame = Self.chunk(
            "fcTL", [0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0])
        let row: [UInt8] = [0] + Array(repeating: [0, 0, 255], count: 32).flatMap { $0 }
        let rows = Array(repeating: row, count: 32)
        let data = Self.chunk("fdAT", [0, 0, 0, 1] + PNGBuilder.deflated(rows.flatMap { $0 }))
        let file = still.dropLast(12) + frame + data + still.suffix(12)
        #expect(near(try Rendering.colour(of: Array(file)), [200, 60, 60], within: 1))
    }

    // MARK: Colours without a profile

    /// Light of a fifth in a linear file is 124 in sRGB's encoding, as a browser shows it.
    @Test(arguments: [0, 2, 4, 6]) func gammaCounts(_ colourType: Int) throws {
        let pixel: [UInt8] = colourType & 2 == 0 ? [51] : [51, 51, 51]
        let file = PNGBuilder.flat(
            pixel + (colourType & 4 == 0 ? [] : [255]), depth: 8, colourType: colourType,
            chunks: [PNGBuilder.gamma(1)])
        let rendered = try Rendering.render(file, sizes: [.large])
        let found = try Pixels(rendered.renditions[0].bytes).colour(0.5, 0.5)
        #expect(near(found, [124, 124, 124], within: 1), "\(found)")
        #expect(!rendered.metadata.hasProfile, "it embeds none")
        #expect(rendered.metadata.deltaE.map { $0 < 0.5 } == true)
    }

    /// Files of one picture, written for different gammas by libpng's own authors: all must look alike.
    @Test(arguments: ["palette-8", "palette-4"]) func theSamePictureLooksTheSameInEveryGamma(_ name: String) throws {
        let pictures = try ["sRGB", "linear", "1.8"].map { encoding in
            try Rendering.large(try Corpus.publicBytes("libpng1.6/contrib/testpngs/\(name)-\(encoding).png"))
        }
        for other in pictures.dropFirst() {
            let difference = zip(other.mean, pictures[0].mean).map { abs($0 - $1) }.max() ?? 255
            #expect(difference < 2, "\(other.mean) instead of \(pictures[0].mean)")
        }
        let untold = try Rendering.large(try Corpus.publicBytes("libpng1.6/contrib/testpngs/\(name).png"))
        #expect(zip(untold.mean, pictures[0].mean).allSatisfy { abs($0 - $1) < 2 })
    }

    @Test func sRGBsOwnNumbersChangeNothing() throws {
        let own = [0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06]
        for chunks in [
            [PNGBuilder.gamma(0.45455)], [PNGBuilder.gamma(0.45455), PNGBuilder.chromaticities(own)],
            [Self.chunk("sRGB", [0])],
            // What says sRGB goes before the rest, which is for programs that don't know it.
            [Self.chunk("sRGB", [0]), PNGBuilder.gamma(1)],
            // No device's, so nobody's.
            [PNGBuilder.gamma(0)], [PNGBuilder.gamma(300)],
        ] {
            let file = PNGBuilder.flat([20, 90, 200], depth: 8, colourType: 2, chunks: chunks)
            #expect(near(try Rendering.colour(of: file), [20, 90, 200], within: 1))
        }
    }

    /// Display P3 in `cHRM` is what a Display P3 profile is.
    @Test func primariesCount() throws {
        let p3 = [0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06]
        let named = PNGBuilder.flat(
            [200, 90, 60], depth: 8, colourType: 2,
            chunks: [PNGBuilder.gamma(0.45455), PNGBuilder.chromaticities(p3)])
        let embedded = PNGBuilder.flat(
            [200, 90, 60], depth: 8, colourType: 2,
            chunks: [Self.chunk("iCCP", Array("p3\0\0".utf8) + PNGBuilder.deflated(CompactP3Profile.bytes))])
        let colours = try [named, embedded].map { try Rendering.colour(of: $0) }
        #expect(near(colours[0], colours[1], within: 1), "\(colours)")
        #expect(!near(colours[0], [200, 90, 60], within: 5), "\(colours)")
        // A profile goes before the primaries.
        let both = PNGBuilder.flat(
            [200, 90, 60], depth: 8, colourType: 2,
            chunks: [
                PNGBuilder.gamma(1),
                Self.chunk("iCCP", Array("s\0\0".utf8) + PNGBuilder.deflated(CompactSRGBProfile.bytes)),
            ])
        #expect(near(try Rendering.colour(of: both), [200, 90, 60], within: 1))
    }

    @Test func primariesThatCannotBeAreNotBelieved() throws {
        for values in [
            [0.0, 0, 0, 0, 0, 0, 0, 0], [0.3127, 0.329, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3],
            [0.9, 0.9, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06],
        ] {
            let file = PNGBuilder.flat(
                [20, 90, 200], depth: 8, colourType: 2, chunks: [PNGBuilder.chromaticities(values)])
            #expect(near(try Rendering.colour(of: file), [20, 90, 200], within: 1))
        }
    }

    /// Numbers that name sRGB go before a profile that says otherwise.
    @Test func codePointsGoBeforeAProfile() throws {
        let profile = [UInt8]("p3".utf8) + [0, 0] + PNGBuilder.deflated(CompactP3Profile.bytes)
        func colour(_ chunks: [[UInt8]]) throws -> [Int] {
            try Rendering.large(PNGBuilder.flat([100, 180, 60], depth: 8, colourType: 2, chunks: chunks)).colour(
                0.5, 0.5)
        }
        let embedded = try colour([Self.chunk("iCCP", profile)])
        #expect(!near(embedded, [100, 180, 60], within: 5), "\(embedded)")
        let both = try colour([Self.chunk("cICP", [1, 13, 0, 1]), Self.chunk("iCCP", profile)])
        #expect(near(both, [100, 180, 60], within: 2), "\(both)")
    }

    /// Primaries at the edge of what eyes see, to which no profile can be adapted.
    @Test func impossiblePrimariesAreNotBelieved() throws {
        let places = [53163, 22760, 99980, 20, 0, 99980, 0, 20].flatMap { PNGBuilder.big($0, 4) }
        let file = PNGBuilder.flat([100, 180, 60], depth: 8, colourType: 2, chunks: [Self.chunk("cHRM", places)])
        #expect(near(try Rendering.large(file).colour(0.5, 0.5), [100, 180, 60], within: 2))
    }

    /// `cICP`, which screenshots of HDR screens carry: Display P3, and PQ.
    @Test func codePointsCount() throws {
        let p3 = PNGBuilder.flat([200, 90, 60], depth: 8, colourType: 2, chunks: [Self.chunk("cICP", [12, 13, 0, 1])])
        let embedded = PNGBuilder.flat(
            [200, 90, 60], depth: 8, colourType: 2,
            chunks: [Self.chunk("iCCP", Array("p3\0\0".utf8) + PNGBuilder.deflated(CompactP3Profile.bytes))])
        #expect(near(try Rendering.colour(of: p3), try Rendering.colour(of: embedded), within: 1))
        for (pixel, type) in [([0x94, 0xA8], 0), ([0x94, 0xA8, 0x94, 0xA8, 0x94, 0xA8], 2)] as [([UInt8], Int)] {
            let pq = PNGBuilder.flat(pixel, depth: 16, colourType: type, chunks: [Self.chunk("cICP", [9, 16, 0, 1])])
            let rendered = try Rendering.render(pq, sizes: [.large])
            #expect(rendered.metadata.dynamicRange == "PQ")
            let found = try Pixels(rendered.renditions[0].bytes).colour(0.5, 0.5)
            #expect(found.allSatisfy { (215...240).contains($0) }, "white paper: \(found)")
        }
    }
}
