import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

@Suite("Metadata")
struct MetadataTests {
    private static let withExif =
        ["DSC_0001.JPG", "DSC_0002.JPG", "IMG_2031.jpg", "iphone.heic", "Plage d'été #1 (100%).jpg"].map {
            (Corpus.samples, $0)
        }
        + Corpus.photos24.photos.map { (Corpus.photos24, $0.name) }

    @Test func whatIsReadAgreesWithExiftool() async throws {
        let tags = try await ExifTool.read(Self.withExif.map { "\($0.folder)/\($1)" })
        #expect(tags.count == Self.withExif.count)
        for ((corpus, name), tags) in zip(Self.withExif, tags) {
            let metadata = try Rendering.render(corpus.bytes(name), sizes: [.thumbnail]).metadata
            func same(_ found: Double?, _ tag: String, _ tolerance: Double = 1e-6) {
                let expected = tags.number(tag)
                let agrees = found == expected || abs((found ?? .nan) - (expected ?? .nan)) <= tolerance
                #expect(
                    agrees, "\(name) \(tag): \(String(describing: found)), exiftool \(String(describing: expected))")
            }
            func same(_ found: String?, _ tag: String) {
                #expect(found == tags[tag], "\(name) \(tag)")
            }
            same(metadata.make, "IFD0:Make")
            same(metadata.model, "IFD0:Model")
            same(metadata.lens, "ExifIFD:LensModel")
            same(metadata.copyright, "IFD0:Copyright")
            same(metadata.artist, "IFD0:Artist")
            same(metadata.iso.map(Double.init), "ExifIFD:ISO")
            same(metadata.aperture, "ExifIFD:FNumber")
            same(metadata.shutterSpeed, "ExifIFD:ExposureTime")
            same(metadata.focalLength, "ExifIFD:FocalLength")
            same(metadata.exposureMode.map(Double.init), "ExifIFD:ExposureMode")
            same(metadata.meteringMode.map(Double.init), "ExifIFD:MeteringMode")
            same(metadata.flash.map(Double.init), "ExifIFD:Flash")
            same(metadata.whiteBalance.map(Double.init), "ExifIFD:WhiteBalance")
            same(metadata.latitude, "Composite:GPSLatitude")
            same(metadata.longitude, "Composite:GPSLongitude")
            same(metadata.altitude, "Composite:GPSAltitude", 0.01)
            same(metadata.dateTaken, date(tags, "DateTimeOriginal", "OffsetTimeOriginal"))
            same(metadata.dateDigitized, date(tags, "CreateDate", "OffsetTimeDigitized"))

            func same(_ found: String?, _ expected: (String, String?)) {
                #expect(found == expected.1, "\(name) \(expected.0)")
            }
        }
    }

    /// Exif's date in ISO 8601.
    private func date(_ tags: ExifTool.Tags, _ tag: String, _ offset: String) -> (String, String?) {
        let text = tags["ExifIFD:\(tag)"]?.split(separator: " ")
        let day = text?.first?.replacingOccurrences(of: ":", with: "-")
        return (tag, day.map { "\($0)T\(text?.last ?? "")\(tags["ExifIFD:\(offset)"] ?? "")" })
    }

    @Test func theCopyrightGoesOutAndNothingPrivate() async throws {
        let folder = TestFolder()
        for (corpus, name) in Self.withExif.prefix(6) {
            let rendered = try Rendering.render(corpus.bytes(name))
            let paths = try rendered.renditions.map { try folder.write("\(name).\($0.size.name).jpg", $0.bytes) }
            for tags in try await ExifTool.read(paths) {
                #expect(tags["IFD0:Copyright"] == rendered.metadata.copyright)
                #expect(tags["IFD0:Artist"] == rendered.metadata.artist)
                #expect(tags["ICC_Profile:ProfileDescription"] == "sRGB")
                let allowed = ["IFD0:Artist", "IFD0:Copyright", "SourceFile"]
                let groups = [
                    "ICC", "JFIF:", "System:", "File:", "ExifTool:", "Composite:ImageSize", "Composite:Megapixels",
                ]
                let others = tags.names.filter { tag in
                    !allowed.contains(tag) && !groups.contains { tag.hasPrefix($0) }
                }
                #expect(others == [], "\(name)")
                #expect(tags["ExifTool:Warning"] == nil)
            }
        }
        // The proof that there was something to leave out.
        let original = try await ExifTool.read(["\(Corpus.samples.folder)/DSC_0001.JPG"])
        #expect(original.first?.names.contains { $0.hasPrefix("GPS:") } == true)
        #expect(original.first?.names.contains { $0.contains("SerialNumber") } == true)
    }

    @Test func anOriginalWithoutCopyrightGetsNoExif() async throws {
        let folder = TestFolder()
        let rendered = try Rendering.render(Corpus.samples.bytes("tiny.jpg"))
        let path = try folder.write("tiny.jpg", rendered.renditions[0].bytes)
        let tags = try await ExifTool.read([path])
        if rendered.metadata.copyright == nil, rendered.metadata.artist == nil {
            #expect(tags.first?.names.contains { $0.hasPrefix("IFD0:") || $0.hasPrefix("ExifIFD:") } == false)
        }
    }

    /// An Exif block with entries of IFD0, the Exif directory and the GPS directory, little-endian.
    private func block(_ ifd0: [ExifEntry] = [], exif: [ExifEntry] = [], gps: [ExifEntry] = []) -> [UInt8] {
        ExifBlockBuilder.build(ifd0, exif, gps)
    }

    private func read(_ block: [UInt8]) -> PhotoMetadata {
        var metadata = PhotoMetadata()
        ExifReader(block)?.read(into: &metadata)
        return metadata
    }

    @Test func unknownValuesAreAbsent() {
        let metadata = read(
            block(
                exif: [
                    .rational(0x829A, [(0, 0)]), .rational(0x829D, [(0, 0)]), .short(0x8827, 0),
                    .text(0x9003, "    :  :     :  :  "), .text(0x9004, "0000:00:00 00:00:00"),
                ],
                gps: [
                    .text(1, "N"), .rational(2, [(0, 0), (0, 0), (0, 0)]), .text(3, "E"),
                    .rational(4, [(7, 1), (0, 1), (0, 1)]),
                ]))
        #expect(metadata == PhotoMetadata())
    }

    @Test func textIsDecodedAndCleaned() {
        let latin = ExifEntry(tag: 0x013B, type: 2, count: 6, bytes: [0x5A, 0x6F, 0xE9, 0x07, 0x20, 0])
        let utf = ExifEntry.text(0x010F, "  Zoé  ")
        let twoPart = ExifEntry.text(0x8298, "Photographer\0Editor")
        let metadata = read(block([utf, latin, twoPart]))
        #expect(metadata.make == "Zoé")
        #expect(metadata.artist == "Zoé")
        #expect(metadata.copyright == "Photographer; Editor")
    }

    @Test func theSouthAndTheWestAreNegative() {
        let metadata = read(
            block(gps: [
                .text(1, "S"), .rational(2, [(33, 1), (51, 1), (2499, 100)]), .text(3, "W"),
                .rational(4, [(151, 1), (12, 1), (3000, 100)]), .byte(5, 1), .rational(6, [(125, 10)]),
            ]))
        #expect(metadata.latitude.map { abs($0 + 33.856942) < 1e-6 } == true)
        #expect(metadata.longitude.map { abs($0 + 151.208333) < 1e-6 } == true)
        #expect(metadata.altitude == -12.5)
    }

    @Test func anOffsetMakesADateAbsolute() {
        let metadata = read(
            block(exif: [
                .text(0x9003, "2024:07:14 18:22:05"), .text(0x9011, "+02:00"), .text(0x9004, "2024:07:14 18:22:05"),
                .text(0x9012, "junk"),
            ]))
        #expect(metadata.dateTaken == "2024-07-14T18:22:05+02:00")
        #expect(metadata.dateDigitized == "2024-07-14T18:22:05")
    }

    @Test func highSensitivitiesStandElsewhere() {
        let long = ExifEntry(tag: 0x8832, type: 4, count: 1, bytes: [0, 0x90, 1, 0])
        #expect(read(block(exif: [.short(0x8827, 65535), long])).iso == 102_400)
        #expect(read(block(exif: [.short(0x8827, 400)])).iso == 400)
    }

    @Test func everyWayOfWrappingABlockIsRead() {
        let plain = block([.text(0x010F, "Maker")])
        let marker = Array("Exif\0\0".utf8)
        for wrapped in [plain, marker + plain, [0, 30] + marker + plain, [0xFF, 0xE1, 0, 30] + marker + plain] {
            #expect(read(wrapped).make == "Maker")
        }
    }

    @Test func noDamagedBlockCrashesTheReader() {
        let whole = block(
            [.text(0x010F, "Maker")], exif: [.rational(0x829A, [(1, 200)])],
            gps: [.text(1, "N"), .rational(2, [(1, 1), (2, 1), (3, 1)])])
        for length in 0..<whole.count { _ = read(Array(whole[..<length])) }
        for index in 8..<whole.count {
            for value: UInt8 in [0, 0x7F, 0xFF] {
                var broken = whole
                broken[index] = value
                _ = read(broken)
            }
        }
    }
}

/// One entry of an Exif directory.
struct ExifEntry {
    var tag: Int
    var type: Int
    var count: Int
    var bytes: [UInt8]

    static func text(_ tag: Int, _ text: String) -> ExifEntry {
        ExifEntry(tag: tag, type: 2, count: text.utf8.count + 1, bytes: Array(text.utf8) + [0])
    }

    static func short(_ tag: Int, _ value: Int) -> ExifEntry {
        ExifEntry(tag: tag, type: 3, count: 1, bytes: ExifBlockBuilder.little(value, 2))
    }

    static func byte(_ tag: Int, _ value: UInt8) -> ExifEntry { ExifEntry(tag: tag, type: 1, count: 1, bytes: [value]) }

    static func rational(_ tag: Int, _ values: [(Int, Int)]) -> ExifEntry {
        let bytes = values.flatMap { ExifBlockBuilder.little($0.0, 4) + ExifBlockBuilder.little($0.1, 4) }
        return ExifEntry(tag: tag, type: 5, count: values.count, bytes: bytes)
    }
}

/// Writes Exif blocks for tests (TIFF 6.0, section 2; Exif 2.32, section 4.6).
enum ExifBlockBuilder {
    static func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }

    static func build(_ ifd0: [ExifEntry], _ exif: [ExifEntry], _ gps: [ExifEntry]) -> [UInt8] {
        let first = 8
        let second = first + length(ifd0.count + 2)
        let third = second + length(exif.count)
        var heap = third + length(gps.count)
        let pointers = [
            ExifEntry(tag: 0x8769, type: 4, count: 1, bytes: little(second, 4)),
            ExifEntry(tag: 0x8825, type: 4, count: 1, bytes: little(third, 4)),
        ]
        var data: [UInt8] = []
        var directories: [UInt8] = []
        for entries in [ifd0 + pointers, exif, gps] {
            directories += little(entries.count, 2)
            for entry in entries.sorted(by: { $0.tag < $1.tag }) {
                directories += little(entry.tag, 2) + little(entry.type, 2) + little(entry.count, 4)
                if entry.bytes.count <= 4 {
                    directories += entry.bytes + [UInt8](repeating: 0, count: 4 - entry.bytes.count)
                } else {
                    directories += little(heap, 4)
                    data += entry.bytes
                    heap += entry.bytes.count
                }
            }
            directories += little(0, 4)
        }
        return Array("II*\0".utf8) + little(8, 4) + directories + data
    }

    private static func length(_ entries: Int) -> Int { 2 + 12 * entries + 4 }
}
