import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

/// The kinds of TIFF that photographers' programs and scanners write.
@Suite("TIFF originals")
struct TIFFKindTests {
    struct Kind: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let colour: [Int]
        var tolerance = 2
        var testDescription: String { name }
    }

    private static func kind(
        _ name: String, _ page: TIFFBuilder.Page, is colour: [Int], _ builder: TIFFBuilder = TIFFBuilder()
    ) -> Kind {
        Kind(name: name, bytes: builder.file([page]), colour: colour)
    }

    private static let little = TIFFBuilder()
    private static let big = TIFFBuilder(isBigEndian: true)
    private static let red: [UInt8] = [200, 60, 60]
    private static let deepRed = [200, 60, 60].map { $0 * 257 }

    private static let kinds: [Kind] = [
        kind("1 bit, 0 is black", .flat([0xFF], bits: [1], photometric: 1, side: 32).packed(8), is: [255, 255, 255]),
        kind("1 bit, 0 is white", .flat([0xFF], bits: [1], photometric: 0, side: 32).packed(8), is: [0, 0, 0]),
        kind("4 bits, grey", .flat([0xAA], bits: [4], photometric: 1, side: 32).packed(2), is: [170, 170, 170]),
        kind("8 bits, grey", .flat([128], bits: [8], photometric: 1), is: [128, 128, 128]),
        kind("8 bits, grey, 0 is white", .flat([55], bits: [8], photometric: 0), is: [200, 200, 200]),
        kind("16 bits, grey", .flat(little.shorts([128 * 257]), bits: [16], photometric: 1), is: [128, 128, 128]),
        kind(
            "16 bits, grey, 0 is white", .flat(big.shorts([55 * 257]), bits: [16], photometric: 0),
            is: [200, 200, 200], big),
        kind("8 bits, RGB", .flat(red, bits: [8, 8, 8], photometric: 2), is: [200, 60, 60]),
        kind("8 bits, RGB, big-endian", .flat(red, bits: [8, 8, 8], photometric: 2), is: [200, 60, 60], big),
        kind(
            "16 bits, RGB, big-endian", .flat(big.shorts(deepRed), bits: [16, 16, 16], photometric: 2),
            is: [200, 60, 60], big),
        kind(
            "BigTIFF", .flat(red, bits: [8, 8, 8], photometric: 2), is: [200, 60, 60], TIFFBuilder(isLarge: true)),
        kind(
            "BigTIFF, big-endian", .flat(red, bits: [8, 8, 8], photometric: 2), is: [200, 60, 60],
            TIFFBuilder(isBigEndian: true, isLarge: true)),
        kind(
            "RGB, channels apart",
            TIFFBuilder.Page(
                width: 32, height: 32, bits: [8, 8, 8], photometric: 2,
                strips: red.map { Array(repeating: $0, count: 1024) }, isPlanar: true), is: [200, 60, 60]),
        kind(
            "palette",
            .flat(
                [1], bits: [8], photometric: 3,
                [(320, [0, 1, 2].flatMap { band in (0..<256).map { $0 == 1 ? deepRed[band] : 0 } })]),
            is: [200, 60, 60]),
        kind(
            "palette with alpha",
            .flat(
                [1, 255], bits: [8, 8], photometric: 3,
                [(320, [0, 1, 2].flatMap { band in (0..<256).map { $0 == 1 ? deepRed[band] : 0 } }), (338, [2])]),
            is: [200, 60, 60]),
        // Half the light is 188 in sRGB's encoding.
        kind(
            "floating-point, RGB",
            .flat(little.floats([0.5, 0.5, 0.5]), bits: [32, 32, 32], photometric: 2, [(339, [3, 3, 3])]),
            is: [188, 188, 188]),
        kind(
            "floating-point, grey", .flat(little.floats([0.5]), bits: [32], photometric: 1, [(339, [3])]),
            is: [188, 188, 188]),
        kind(
            "32 bits, RGB",
            .flat(
                [200, 60, 60].flatMap { little.number($0 * 16_843_009, 4) }, bits: [32, 32, 32], photometric: 2),
            is: [200, 60, 60]),
        kind(
            "a saved selection is no transparency",
            .flat(red + [0], bits: [8, 8, 8, 8], photometric: 2, [(338, [0])]), is: [200, 60, 60]),
        kind(
            "transparency and two saved selections",
            .flat(red + [128, 0, 255], bits: [8, 8, 8, 8, 8, 8], photometric: 2, [(338, [2, 0, 0])]),
            is: [227, 157, 157]),
        kind(
            "a selection before the transparency",
            .flat(red + [0, 128], bits: [8, 8, 8, 8, 8], photometric: 2, [(338, [0, 2])]), is: [227, 157, 157]),
        kind(
            "a fourth channel of which nothing is said",
            .flat(red + [128], bits: [8, 8, 8, 8], photometric: 2), is: [227, 157, 157]),
    ]

    @Test(arguments: kinds) func itsColoursComeOut(_ kind: Kind) throws {
        let found = try Rendering.colour(of: kind.bytes)
        #expect(near(found, kind.colour, within: kind.tolerance), "\(found) instead of \(kind.colour)")
    }

    // MARK: CMYK and L*a*b*

    /// The same ink in 8 and in 16 bits, and as what libvips' own conversion makes of it.
    @Test func cmykOf8And16BitsIsTheSame() throws {
        let ink = [10, 200, 150, 20]
        let shallow = Self.little.file([
            .flat(ink.map { UInt8($0) }, bits: [8, 8, 8, 8], photometric: 5)
        ])
        let deep = Self.little.file([
            .flat(Self.little.shorts(ink.map { $0 * 257 }), bits: [16, 16, 16, 16], photometric: 5)
        ])
        let colours = try [shallow, deep].map { try Rendering.colour(of: $0) }
        #expect(near(colours[0], colours[1], within: 1), "\(colours)")
        #expect(colours[0][0] > colours[0][1] + 80, "the inks make red: \(colours)")
    }

    @Test(arguments: [(54.0, 50, -30), (80, -20, 60), (30, 10, 10), (60, 0, 0)])
    func labIsThatUnderD50(_ l: Double, _ a: Int, _ b: Int) async throws {
        let expected = try await Tool.sRGB(l: l, a: Double(a), b: Double(b))
        let shallow = Self.little.file([
            .flat(
                [UInt8((l * 2.55).rounded()), UInt8(truncatingIfNeeded: a), UInt8(truncatingIfNeeded: b)],
                bits: [8, 8, 8], photometric: 8)
        ])
        let deep = Self.big.file([
            .flat(
                Self.big.shorts([Int((l * 655.35).rounded()), a * 256, b * 256]), bits: [16, 16, 16], photometric: 8)
        ])
        // Unsigned, counted from the middle.
        let ofProfiles = Self.little.file([
            .flat([UInt8((l * 2.55).rounded()), UInt8(a + 128), UInt8(b + 128)], bits: [8, 8, 8], photometric: 9)
        ])
        for file in [shallow, deep, ofProfiles] {
            let rendered = try Rendering.render(file, sizes: [.large])
            let found = try Pixels(rendered.renditions[0].bytes).colour(0.5, 0.5)
            #expect(near(found, expected, within: 3), "\(found) instead of \(expected)")
            #expect(rendered.metadata.deltaE.map { $0 < 0.6 } == true, "\(rendered.metadata.deltaE ?? -1)")
        }
    }

    /// A photo of floating-point light with a profile, as programs for HDR and panoramas write it.
    @Test(arguments: [1, 3]) func floatingPointLightIsReadByItsProfile(_ bands: Int) throws {
        let colorants = try #require(
            Chromaticities((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)).colorants)
        let profile =
            bands == 1
            ? CompactProfile.grey("linear", curve: .gamma(1))
            : CompactProfile.build("linear", primaries: colorants.primaries, curve: .gamma(1))
        let page = TIFFBuilder.Page.flat(
            Self.little.floats([Double](repeating: 0.5, count: bands)), bits: [Int](repeating: 32, count: bands),
            photometric: bands == 1 ? 1 : 2, [(339, [Int](repeating: 3, count: bands))])
        let plain = Self.little.file([page])
        let tagged = try plain.withUnsafeBytes { bytes in
            let opened = try PictureFile.open(bytes, .tiff)
            opened.image.setBlob("icc-profile-data", profile)
            return try Rendering.save(opened.image, "tiffsave_buffer")
        }
        let rendered = try Rendering.render(tagged, sizes: [.large])
        #expect(rendered.metadata.profileName == "linear")
        #expect(near(try Pixels(rendered.renditions[0].bytes).colour(0.5, 0.5), [188, 188, 188], within: 1))
    }

    // MARK: Pages, turns, compressions

    private static func page(_ colour: [UInt8], side: Int, kind: Int? = nil, old: Int? = nil) -> TIFFBuilder.Page {
        var shorts: [(tag: Int, values: [Int])] = []
        if let kind { shorts.append((254, [kind])) }
        if let old { shorts.append((255, [old])) }
        return .flat(colour, bits: [8, 8, 8], photometric: 2, side: side, shorts)
    }

    private static let blue: [UInt8] = [40, 60, 200]

    @Test func theFirstOfSeveralPagesIsShown() throws {
        let file = Self.little.file([Self.page(Self.red, side: 40, kind: 2), Self.page(Self.blue, side: 64, kind: 2)])
        let pixels = try Rendering.large(file)
        #expect(pixels.size == PixelSize(width: 40, height: 40))
        #expect(near(pixels.colour(0.5, 0.5), [200, 60, 60], within: 2))
    }

    @Test(arguments: [TIFFBuilder(), TIFFBuilder(isBigEndian: true), TIFFBuilder(isLarge: true)])
    func aThumbnailOrMaskBeforeThePhotoIsPassedOver(_ builder: TIFFBuilder) throws {
        for first in [
            Self.page(Self.blue, side: 16, kind: 1), Self.page(Self.blue, side: 16, old: 2),
            Self.page(Self.blue, side: 16, kind: 4),
        ] {
            let file = builder.file([first, Self.page(Self.red, side: 40)])
            let pixels = try Rendering.large(file)
            #expect(pixels.size == PixelSize(width: 40, height: 40))
            #expect(near(pixels.colour(0.5, 0.5), [200, 60, 60], within: 2))
            #expect(try Rendering.renderer.get().probe(file, limits: RenderLimits()).stored == pixels.size)
        }
    }

    /// A table whose values are said to stand at the end of all numbers.
    @Test func noPlaceInTheFileIsCountedOnFrom() throws {
        var file: [UInt8] = [0x49, 0x49, 43, 0, 8, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0]
        file += [1, 0, 0, 0, 0, 0, 0, 0] + [0x02, 0x01, 3, 0, 8, 0, 0, 0, 0, 0, 0, 0]
        file += [UInt8](repeating: 0xFF, count: 7) + [0x7F] + [UInt8](repeating: 0, count: 8)
        let error = #expect(throws: RenditionError.self) { try Rendering.render(file) }
        #expect(error?.retriable == false)
    }

    /// L*a*b* of 60, a middle grey, with a channel more: full alpha, half alpha, a saved selection.
    @Test(arguments: [(2, 0xFFFF, 144), (2, 0x8000, 199), (0, 0, 144)])
    func labMayHaveAnotherChannel(_ kind: Int, _ value: Int, _ grey: Int) throws {
        let file = Self.little.file([
            .flat(
                Self.little.shorts([39321, 0, 0, value]), bits: [16, 16, 16, 16], photometric: 8, [(338, [kind])])
        ])
        let found = try Rendering.large(file).colour(0.5, 0.5)
        #expect(near(found, [grey, grey, grey], within: 2), "\(found)")
    }

    @Test func premultipliedNumbersThatLibvipsMisreadsAreRefused() throws {
        let file = Self.little.file([
            .flat([UInt8](repeating: 64, count: 16), bits: [32, 32, 32, 32], photometric: 2, [(338, [1])])
        ])
        let error = #expect(throws: RenditionError.self) { try Rendering.render(file) }
        #expect((error?.code, error?.retriable) == ("unsupported", false))
    }

    @Test func sevenChannelsAreNoPhoto() throws {
        let file = Self.little.file([
            .flat([10, 20, 30, 40, 50, 60, 70], bits: [Int](repeating: 8, count: 7), photometric: 1)
        ])
        let error = #expect(throws: RenditionError.self) { try Rendering.render(file) }
        #expect((error?.code, error?.retriable) == ("unsupported", false), "\(String(describing: error))")
    }

    @Test func aLoneThumbnailIsShown() throws {
        let file = Self.little.file([Self.page(Self.blue, side: 16, kind: 1)])
        #expect(try Rendering.large(file).size == PixelSize(width: 16, height: 16))
    }

    /// Directories that point at each other, or far away, must come to an end.
    @Test func noTableOfDirectoriesIsEndless() throws {
        let file = Self.little.file([Self.page(Self.red, side: 16, kind: 1), Self.page(Self.red, side: 16, kind: 1)])
        var generator = SplitMix(seed: 42)
        for _ in 0..<300 {
            var broken = file
            for _ in 0..<6 {
                broken[Int.random(in: 0..<broken.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            _ = broken.withUnsafeBytes { TIFFPages($0).photo }
        }
        for length in stride(from: 0, to: file.count, by: 7) {
            _ = Array(file[..<length]).withUnsafeBytes { TIFFPages($0).photo }
        }
        // The first directory, which stands behind its pixels, is named as its own successor.
        var endless = file
        let first = (0..<4).reduce(0) { $0 | Int(file[4 + $1]) << (8 * $1) }
        let count = Int(file[first]) | Int(file[first + 1]) << 8
        endless.replaceSubrange((first + 2 + 12 * count)..<(first + 6 + 12 * count), with: file[4..<8])
        #expect(endless.withUnsafeBytes { TIFFPages($0).pages.count } == 1)
    }

    /// Red stands above green as stored, and where Exif says after the turn.
    @Test(arguments: 1...8) func itsOrientationIsFollowed(_ orientation: Int) throws {
        let pixels = (0..<32).flatMap { row in
            (0..<48).flatMap { column in
                row < 16 ? Self.red : column < 24 ? Self.blue : [60, 160, 90]
            }
        }
        let page = TIFFBuilder.Page(
            width: 48, height: 32, bits: [8, 8, 8], photometric: 2, strips: [pixels],
            shorts: [(274, [orientation])])
        let shown = try Rendering.large(Self.little.file([page]))
        #expect(shown.size == PixelSize(width: orientation > 4 ? 32 : 48, height: orientation > 4 ? 48 : 32))
        // Where the stored picture's blue corner, its lower left one, is seen (Exif 2.32, tag 0x0112).
        let corners = [
            1: (0.1, 0.9), 2: (0.9, 0.9), 3: (0.9, 0.1), 4: (0.1, 0.1), 5: (0.9, 0.1), 6: (0.1, 0.1), 7: (0.1, 0.9),
            8: (0.9, 0.9),
        ]
        let (x, y) = try #require(corners[orientation])
        #expect(near(shown.colour(x, y), [40, 60, 200], within: 6), "\(shown.colour(x, y))")
    }

    @Test(arguments: [
        ["-c", "lzw"], ["-c", "zip"], ["-c", "lzw:2"], ["-c", "packbits"], ["-c", "zstd"],
        ["-t", "-w", "16", "-l", "16"],
        ["-p", "separate"], ["-r", "16", "-c", "jpeg"], ["-r", "16", "-c", "jpeg:r"], ["-8"], ["-8", "-B"],
        ["-r", "8", "-c", "lzma"],
    ]) func whatLibtiffWritesIsRead(_ arguments: [String]) async throws {
        let plain = Self.little.file([Self.page(Self.red, side: 64)])
        let file = try await Tool.make(
            "tiffcp", arguments + ["{in}", "{out}"], from: plain, named: "in.tif", to: "out.tif")
        let found = try Rendering.colour(of: file)
        #expect(near(found, [200, 60, 60], within: 3), "\(found)")
    }

    @Test func faxesAreReadEitherWay() async throws {
        for photometric in [0, 1] {
            let plain = Self.little.file([
                TIFFBuilder.Page.flat([0x00], bits: [1], photometric: photometric).packed(8)
            ])
            let file = try await Tool.make(
                "tiffcp", ["-c", "g4", "{in}", "{out}"], from: plain, named: "in.tif", to: "out.tif")
            let light = photometric == 0 ? 255 : 0
            #expect(try Rendering.colour(of: file) == [light, light, light])
        }
    }

    // MARK: What can't be shown

    @Test(arguments: [
        ("JPEG 2000 compression", page(red, side: 16).with(259, 34712)),
        ("JPEG XL compression", page(red, side: 16).with(259, 50002)),
        ("YCbCr", page(red, side: 16).with(262, 6)),
        ("12 bits", TIFFBuilder.Page.flat([0, 0, 0, 0, 0], bits: [12, 12, 12], photometric: 2)),
        ("16 floating-point bits", page(red, side: 16).with(258, 16).with(339, 3)),
        ("64 floating-point bits", page(red, side: 16).with(258, 64).with(339, 3)),
        ("below zero", page(red, side: 16).with(339, 2)),
        ("tiles of its own", page(red, side: 16).with(284, 2).with(322, 16)),
    ]) func whatCannotBeShownIsNamed(_ words: String, _ page: TIFFBuilder.Page) throws {
        let error = try #require(Rendering.refusal(of: Self.little.file([page])))
        #expect((error.code, error.retriable) == ("unsupported", false))
        #expect(error.message.contains(words), "\(error.message)")
        #expect(error.message.contains("Export it as a"))
    }
}

extension TIFFBuilder.Page {
    /// As many bytes as pixels of less than a byte take.
    func packed(_ pixelsPerByte: Int) -> TIFFBuilder.Page {
        var page = self
        page.strips = strips.map { Array($0.prefix($0.count / pixelsPerByte)) }
        return page
    }

    /// With a field's value in place of the ordinary one.
    func with(_ tag: Int, _ value: Int) -> TIFFBuilder.Page {
        var page = self
        page.shorts.append((tag, [value]))
        return page
    }
}
