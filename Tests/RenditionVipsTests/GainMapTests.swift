import CVips
import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

/// Photos that shine on screens brighter than white, made by telephones and by other projects' tools.
@Suite("Gain maps")
struct GainMapTests {
    private static let folder = "gainmap-audit/tests/corpus"
    /// Adobe's and Google's way, the ISO's, and Apple's in a JPEG and in a HEIC.
    private static let usable = [
        "paris_exif_xmp_gainmap_bigendian.jpg", "small_uhdr.jpg", "apple_gainmap_new.jpg", "apple_hdr_sample.heic",
    ]

    private static func original(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(Corpus.publicFolder)/\(folder)/\(name)")))
    }

    private static func render(
        _ original: [UInt8], _ choice: GainMapChoice = .keep, metadata: MetadataPolicy = .public,
        sizes: [RenditionSize] = [.large, .medium, .thumbnail]
    ) throws -> RenderedPhoto {
        try Rendering.render(original, as: RenderInstructions(sizes: sizes, metadata: metadata, gainMap: choice))
    }

    /// What a tool that looks for lost gain maps says of files: `ultrahdr`, `none`, `orphaned` and others.
    private static func states(_ files: [[UInt8]]) async throws -> [String] {
        struct Report: Decodable {
            struct File: Decodable { var state: String }
            var files: [File]
        }
        let folder = TestFolder()
        let paths = try files.enumerated().map { try folder.write("\($0.offset).jpg", $0.element) }
        let result = try await Command.run(
            "\(Corpus.root)/.build-fidelity/venv/bin/gmaudit", ["check", "--json", "--fail-on", ""] + paths)
        return try JSONDecoder().decode(Report.self, from: Data(result.output.utf8)).files.map(\.state)
    }

    /// The map of a rendition, taken out by exiftool.
    private static func map(of rendition: Rendition) async throws -> Map {
        let folder = TestFolder()
        let path = try folder.write("r.jpg", rendition.bytes)
        _ = try await Command.run("exiftool", ["-q", "-q", "-b", "-MPImage2", "-W", folder.path("map.jpg"), path])
        let file = Array(FileManager.default.contents(atPath: folder.path("map.jpg")) ?? Data())
        return try Map(file, path: folder.path("map.jpg"), folder)
    }

    /// A map's pixels.
    private struct Map {
        let file: [UInt8]
        let path: String
        let folder: TestFolder
        let size: PixelSize
        let bands: Int
        private let pixels: [UInt8]

        init(_ file: [UInt8], path: String, _ folder: TestFolder) throws {
            self.file = file
            self.path = path
            self.folder = folder
            (size, bands, pixels) = try file.withUnsafeBytes { bytes in
                let opened = try PictureFile.open(bytes, .jpeg)
                return (opened.image.size, opened.image.bands, try opened.image.pixels())
            }
        }

        /// The mean of a square about a place given in shares of width and height, 0–1.
        func value(_ x: Double, _ y: Double) -> Double {
            let reach = max(2, min(size.width, size.height) / 40)
            let (column, row) = (Int(x * Double(size.width)), Int(y * Double(size.height)))
            var (sum, count) = (0.0, 0.0)
            for row in max(0, row - reach)..<min(size.height, row + reach) {
                for column in max(0, column - reach)..<min(size.width, column + reach) {
                    sum += Double(pixels[(row * size.width + column) * bands])
                    count += 1
                }
            }
            return sum / count
        }
    }

    /// The first number of a tag that may be a list.
    private static func first(_ tag: String?) -> Double? {
        tag?.firstMatch(of: /-?[0-9]+(\.[0-9]+)?/).flatMap { Double($0.output.0) }
    }

    private static let places = [0.15, 0.35, 0.5, 0.65, 0.85].flatMap { y in [0.15, 0.5, 0.85].map { ($0, y) } }

    @Test(arguments: usable) func mediumAndLargeKeepIt(_ name: String) async throws {
        let rendered = try Self.render(try Self.original(name))
        #expect(rendered.metadata.gainMap == .kept)
        #expect(rendered.metadata.recordValues["color"]?.map?["gain_map"] == .string("kept"))
        let states = try await Self.states(rendered.renditions.map(\.bytes))
        #expect(states == ["ultrahdr", "ultrahdr", "none"])
        let map = try await Self.map(of: rendered.renditions[0])
        let photo = rendered.renditions[0].pixels
        #expect(map.size.width <= (photo.width + 1) / 2 && map.size.height <= (photo.height + 1) / 2)
    }

    /// The same brightness at the same places, by the numbers that exiftool reads on both sides.
    @Test func theBrightnessIsThatOfTheOriginal() async throws {
        let original = try Self.original("paris_exif_xmp_gainmap_bigendian.jpg")
        let folder = TestFolder()
        let source = try Self.Map(
            Array(original[33487...]), path: try folder.write("map.jpg", Array(original[33487...])), folder)
        let kept = try await Self.map(of: try Self.render(original).renditions[0])
        for (x, y) in Self.places {
            #expect(abs(source.value(x, y) - kept.value(x, y)) < 6, "\(x), \(y)")
        }
        let tags = try await ExifTool.read([source.path, kept.path])
        let names = ["HDRCapacityMin", "HDRCapacityMax", "OffsetSDR", "OffsetHDR"].map { "XMP-hdrgm:\($0)" }
        for name in names + ["XMP-hdrgm:GainMapMax"] {
            let (one, two) = (Self.first(tags[0][name]), Self.first(tags[1][name]))
            #expect(one != nil && abs((one ?? 0) - (two ?? -99)) < 1e-5, "\(name): \(String(describing: (one, two)))")
        }
    }

    /// Apple's own map says how much light is added, the standard's by which power of two it is multiplied: with a headroom
    /// of 4.53, half the light is 1 + 3.53 / 2 times the base.
    @Test func applesFormulaBecomesTheStandards() async throws {
        let rendered = try Self.render(try Self.original("apple_gainmap_new.jpg"))
        let map = try await Self.map(of: rendered.renditions[0])
        let tags = try await ExifTool.read([map.path])
        let range = try #require(Self.first(tags[0]["XMP-hdrgm:GainMapMax"]))
        #expect(abs(range - log2(4.532783)) < 1e-4)
        let original = try Self.original("apple_gainmap_new.jpg")
        let folder = TestFolder()
        let source = try Map(
            Array(original[44821...]), path: try folder.write("map.jpg", Array(original[44821...])), folder)
        for (x, y) in Self.places {
            // By the transfer function of ITU-R BT.709, as Apple says.
            let light = pow((source.value(x, y) / 255 + 0.099) / 1.099, 1 / 0.45)
            let expected = log2(1 + 3.532783 * light)
            // Where the map is rough, the mean of values is not the value of means.
            #expect(abs(map.value(x, y) / 255 * range - expected) < 0.1, "\(x), \(y): \(expected)")
        }
    }

    @Test func itTurnsWithThePhoto() async throws {
        let folder = TestFolder()
        let plain = try folder.write("a.jpg", Corpus.samples.bytes("orientation-1.jpg"))
        let made = try await Command.run(
            Self.maker, [plain], directory: folder.path)
        #expect(made.status == 0, "\(made.errors)")
        let path = folder.path("a_ultrahdr.jpg")
        let upright = Array(FileManager.default.contents(atPath: path) ?? Data())
        let result = try await Command.run(
            "exiftool", ["-q", "-n", "-Orientation=6", "-o", folder.path("b.jpg"), path])
        #expect(result.status == 0, "\(result.errors)")
        let turned = Array(FileManager.default.contents(atPath: folder.path("b.jpg")) ?? Data())
        let one = try await Self.map(of: try Self.render(upright).renditions[1])
        let other = try await Self.map(of: try Self.render(turned).renditions[1])
        #expect(other.size == one.size.transposed)
        for (x, y) in Self.places { #expect(abs(one.value(x, y) - other.value(1 - y, x)) < 3, "\(x), \(y)") }
        let values = Self.places.map { one.value($0.0, $0.1) }
        #expect((values.max() ?? 0) - (values.min() ?? 0) > 20, "a map that is the same everywhere proves nothing")
    }

    @Test(arguments: usable) func theBaseImageIsTheSameWithoutIt(_ name: String) throws {
        let original = try Self.original(name)
        let (kept, dropped) = (try Self.render(original), try Self.render(original, .drop))
        #expect(dropped.metadata.gainMap == .lost)
        for (one, other) in zip(kept.renditions, dropped.renditions) {
            #expect(one.bytes.count >= other.bytes.count)
            let (a, b) = (try Pixels(one.bytes), try Pixels(other.bytes))
            for (x, y) in Self.places { #expect(a.colour(x, y) == b.colour(x, y)) }
        }
    }

    @Test func whatCantBeCarriedOverIsSaidAndCostsNothingElse() throws {
        let avif = try Self.render(try Self.original("seine_sdr_gainmap_notmapbrand.avif"))
        #expect(avif.metadata.gainMap == .lost)
        var broken = try Self.original("paris_exif_xmp_gainmap_bigendian.jpg")
        for place in 33487..<broken.count { broken[place] = 0 }
        let photo = try Self.render(broken)
        #expect(photo.metadata.gainMap == .lost)
        #expect(photo.renditions.count == 3)
        for name in ["sample_srgb.jpg", "colors_sdr_srgb.avif"] {
            #expect(try Self.render(try Self.original(name)).metadata.gainMap == nil)
        }
    }

    @Test(arguments: [MetadataPolicy.public, .none, .full]) func itBringsNothingPrivateAlong(_ policy: MetadataPolicy)
        async throws
    {
        for name in Self.usable {
            let rendered = try Self.render(try Self.original(name), metadata: policy, sizes: [.large])
            let rendition = rendered.renditions[0]
            #expect(try await Self.states([rendition.bytes]) == ["ultrahdr"])
            let map = try await Self.map(of: rendition)
            let folder = TestFolder()
            let photo = try folder.write("r.jpg", rendition.bytes)
            let own = [
                "SourceFile", "ExifTool:", "System:", "File:", "JFIF:", "ICC", "Composite:", "MPF0:", "MPImage",
                "XMP-hdrgm:", "XMP-Container:", "XMP-x:",
            ]
            for tags in try await ExifTool.read([map.path] + (policy == .full ? [] : [photo])) {
                let found = tags.names.filter { tag in !own.contains { tag.hasPrefix($0) } }
                let credit = Set(["IFD0:Artist", "IFD0:Copyright"])
                #expect(Set(found).subtracting(policy == .public ? credit : []).isEmpty, "\(name): \(found)")
            }
        }
    }

    @Test func aMapWithAPlaceInItIsHeldBack() throws {
        let rendition = try Self.render(
            try Self.original("paris_exif_xmp_gainmap_bigendian.jpg"), sizes: [.large]
        ).renditions[0]
        let start = try #require(rendition.bytes.lastRange(of: [0xFF, 0xD8, 0xFF]))
        var leaking = rendition
        // A private name of the same length in the map's packet.
        let name = try #require(rendition.bytes.lastRange(of: Array("hdrgm:GainMapMin".utf8)))
        #expect(name.lowerBound > start.lowerBound)
        leaking.bytes.replaceSubrange(name, with: Array("exifs:GPSLatitud".utf8))
        #expect(throws: RenditionError.self) { try ReadBackStep.check(leaking, against: .public) }
        var longer = rendition
        longer.bytes += [0]
        #expect(throws: RenditionError.self) { try ReadBackStep.check(longer, against: .public) }
        #expect(throws: Never.self) { try ReadBackStep.check(rendition, against: .public) }
    }

    /// A reader that knows attributes only must find all numbers, or it shows no map.
    @Test func theNumbersOfOneChannelAreAttributes() async throws {
        let rendition = try Self.render(try Self.original("apple_hdr_sample.heic"), sizes: [.large]).renditions[0]
        let text = String(decoding: try await Self.map(of: rendition).file, as: UTF8.self)
        for name in ["Version", "GainMapMin", "GainMapMax", "Gamma", "OffsetSDR", "OffsetHDR", "HDRCapacityMax"] {
            #expect(text.contains("hdrgm:\(name)=\""), "\(name)")
        }
    }

    /// Numbers that no screen and no writer knows are not carried over, and nothing else happens.
    @Test(arguments: [
        "Gamma=\"2148\"", "Gamma=\"0.00000001\"", "OffsetSDR=\"3000\"", "GainMapMax=\"1e300\"",
        "HDRCapacityMax=\"1e-9\"",
        "Gamma=\"nan\"", "OffsetHDR=\"-9e99\"",
    ]) func absurdNumbersLoseTheMapAndNothingElse(_ number: String) async throws {
        let folder = TestFolder()
        let plain = try folder.write("a.jpg", Corpus.samples.bytes("tiny.jpg"))
        let made = try await Command.run(Self.maker, [plain], directory: folder.path)
        #expect(made.status == 0, "\(made.errors)")
        var original = Array(FileManager.default.contents(atPath: folder.path("a_ultrahdr.jpg")) ?? Data())
        let name = "hdrgm:\(number.prefix { $0 != "=" })="
        let start = try #require(original.lastRange(of: Array("hdrgm:GainMapMax=".utf8)))
        let end = try #require(original[start.lowerBound...].firstIndex(of: UInt8(ascii: ">")))
        // The attribute takes another's place, so that the packet keeps its length.
        let attributes = String(decoding: original[start.lowerBound..<end], as: UTF8.self)
        var changed = "hdrgm:\(number)"
        if !name.hasPrefix("hdrgm:GainMapMax") { changed += " hdrgm:GainMapMax=\"1\"" }
        if !name.hasPrefix("hdrgm:HDRCapacityMax") { changed += " hdrgm:HDRCapacityMax=\"1\"" }
        if attributes.hasSuffix("/") { changed += "/" }
        try #require(changed.utf8.count <= attributes.utf8.count, "\(attributes)")
        changed = String(repeating: " ", count: attributes.utf8.count - changed.utf8.count) + changed
        original.replaceSubrange(start.lowerBound..<end, with: Array(changed.utf8))
        let rendered = try Self.render(original, sizes: [.medium])
        #expect(rendered.metadata.gainMap == .lost)
        #expect(rendered.renditions.count == 1)
    }

    private static let maker = "\(Corpus.root)/.build-fidelity/venv/bin/pyultrahdr"

    /// A packet that fills its segment leaves no room for the list of pictures, and goes.
    @Test(arguments: [3_000, 64_000, 64_990]) func aLongPacketCostsTheMapNothing(_ length: Int) async throws {
        let head =
            "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
            + "<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" dc:source=\""
        let foot = "\"/></rdf:RDF></x:xmpmeta>"
        // Bytes that are no UTF-8 grow when they are read as if.
        for filling: UInt8 in [UInt8(ascii: "x"), 0xE9] {
            let packet =
                Array(head.utf8) + [UInt8](repeating: filling, count: length - head.utf8.count - foot.utf8.count)
                + Array(foot.utf8)
            let original = try Self.original("small_uhdr.jpg")
            let segment = JPEGSegments.segment(0xE1, GainMapXMP.label + packet)
            let rendered = try Self.render(
                Array(original[..<2]) + segment + original[2...], metadata: .full, sizes: [.large])
            #expect(rendered.metadata.gainMap == .kept)
            #expect(try await Self.states([rendered.renditions[0].bytes]) == ["ultrahdr"])
        }
    }

    /// Three channels of Display P3 make no sense over sRGB: the map is then of brightness alone.
    @Test func coloursThatWereConvertedLeaveTheBrightness() async throws {
        let original = try Self.original("paris_exif_xmp_gainmap_bigendian.jpg")
        let kept = try await Self.map(of: try Self.render(original, sizes: [.large]).renditions[0])
        let ranges = try await ExifTool.read([kept.path])[0]["XMP-hdrgm:GainMapMax"] ?? ""
        #expect(ranges.contains("3.5") && ranges.contains("3.7"), "three channels: \(ranges)")
        let segment = JPEGSegments.segment(
            0xE2, Array("ICC_PROFILE\0".utf8) + [1, 1] + CompactP3Profile.bytes)
        // Behind the list of pictures nothing counts from the start of the file.
        let list = try #require(original.lastRange(of: Array("MPF\0".utf8)))
        let tagged = Array(original[..<2]) + segment + original[2...]
        #expect(list.lowerBound > 2)
        let rendered = try Self.render(tagged, sizes: [.large])
        #expect(rendered.metadata.gainMap == .kept)
        let brightness = try await Self.map(of: rendered.renditions[0])
        let range = try await ExifTool.read([brightness.path])[0]["XMP-hdrgm:GainMapMax"].flatMap(Double.init)
        #expect(brightness.bands == 1 && range == 3.7, "\(String(describing: range))")
        for (x, y) in Self.places { #expect(abs(brightness.value(x, y) - kept.value(x, y)) < 40, "\(x), \(y)") }
    }

    /// Lists and parameters are a stranger's: whatever stands in them, the photo comes out or is damaged itself.
    @Test(arguments: usable) func damageCrashesNothing(_ name: String) throws {
        let original = try Self.original(name)
        let labels = ["MPF\0", "urn:iso:std:iso:ts:21496", "hdrgm:", "HDRGainMap"].map { Array($0.utf8) }
        let places = original.indices.filter { place in labels.contains { original[place...].starts(with: $0) } }
        #expect(!places.isEmpty || name.hasSuffix("heic"))
        for (round, place) in places.enumerated() {
            var damaged = original
            for step in 0..<8 {
                let at = min(original.count - 1, place + 4 + (round * 7 + step * 11) % 86)
                damaged[at] = damaged[at] &+ UInt8(1 + step * 31)
            }
            do {
                _ = try Self.render(damaged, sizes: [.medium])
            } catch let error as RenditionError {
                #expect((error.code, error.retriable) == ("damaged", false), "\(name) at \(place): \(error)")
            }
        }
    }
}

extension [UInt8] {
    fileprivate func lastRange(of part: [UInt8]) -> Range<Int>? {
        indices.dropLast(Swift.max(0, part.count - 1)).last { self[$0...].starts(with: part) }
            .map { $0..<($0 + part.count) }
    }
}
