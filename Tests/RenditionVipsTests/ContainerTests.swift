import CZlib
import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

/// Metadata in every container, each with the same hand-made blocks.
@Suite("Metadata in containers")
struct ContainerTests {
    private static let exif = ExifBlockBuilder.build(
        [.text(0x010F, "Maker"), .text(0x0110, "Model")],
        [.short(0x8827, 400), .rational(0x829A, [(1, 250)]), .rational(0x829D, [(28, 10)])],
        [
            .text(1, "S"), .rational(2, [(33, 1), (30, 1), (0, 1)]), .text(3, "E"),
            .rational(4, [(151, 1), (15, 1), (0, 1)]),
        ])
    private static let xmp = packet("<dc:title><rdf:Alt><rdf:li>Dusk</rdf:li></rdf:Alt></dc:title>")

    private static func packet(_ inside: String, attributes: String = "") -> [UInt8] {
        Array(
            """
            <?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
            <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
            xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
            xmlns:q="http://ns.adobe.com/xap/1.0/" xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" \(attributes)>\(inside)
            </rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>
            """.utf8)
    }

    private func read(_ file: [UInt8]) -> PhotoMetadata { file.withUnsafeBytes { OriginalMetadata.read($0).values } }

    /// That both blocks of a file were found.
    private func check(_ file: [UInt8], _ name: Comment) {
        let values = read(file)
        #expect(values.make == "Maker", name)
        #expect(values.iso == 400, name)
        #expect(values.latitude == -33.5, name)
        #expect(values.longitude == 151.25, name)
        #expect(values.title == "Dusk", name)
    }

    private static func big(_ value: Int, _ width: Int) -> [UInt8] { ExifBlockBuilder.little(value, width).reversed() }

    // MARK: Files

    private static func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] {
        [0xFF, marker] + big(body.count + 2, 2) + body
    }

    private static let jpeg: [UInt8] =
        [0xFF, 0xD8] + segment(0xE1, Array("Exif\0\0".utf8) + exif)
        + segment(0xE1, Array("http://ns.adobe.com/xap/1.0/\0".utf8) + xmp) + [0xFF, 0xD9]

    private static func chunk(_ kind: String, _ body: [UInt8]) -> [UInt8] {
        big(body.count, 4) + Array(kind.utf8) + body + [0, 0, 0, 0]
    }

    private static func png(_ chunks: [UInt8]...) -> [UInt8] {
        PNGContainer.signature + chunk("IHDR", [UInt8](repeating: 0, count: 13)) + chunk("IDAT", [1, 2, 3])
            + chunks.flatMap { $0 } + chunk("IEND", [])
    }

    private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
        var length = compressBound(UInt(bytes.count))
        var packed = [UInt8](repeating: 0, count: Int(length))
        _ = compress(&packed, &length, bytes, UInt(bytes.count))
        return Array(packed.prefix(Int(length)))
    }

    private static func webp(_ exif: [UInt8]) -> [UInt8] {
        func chunk(_ kind: String, _ body: [UInt8]) -> [UInt8] {
            Array(kind.utf8) + ExifBlockBuilder.little(body.count, 4) + body
                + [UInt8](repeating: 0, count: body.count % 2)
        }
        let chunks = chunk("VP8 ", [1, 2, 3]) + chunk("EXIF", exif) + chunk("XMP ", xmp)
        return Array("RIFF".utf8) + ExifBlockBuilder.little(chunks.count + 4, 4) + Array("WEBP".utf8) + chunks
    }

    private static func box(_ kind: String, _ body: [UInt8]) -> [UInt8] {
        big(body.count + 8, 4) + Array(kind.utf8) + body
    }

    private static let heif: [UInt8] = {
        let content = big(0, 4) + exif
        func info(_ id: Int, _ kind: String) -> [UInt8] {
            box("infe", [2, 0, 0, 0] + big(id, 2) + big(0, 2) + Array(kind.utf8))
        }
        let infos = info(1, "Exif\0") + info(2, "mime\0application/rdf+xml\0")
        let data = content + xmp
        func location(_ id: Int, _ offset: Int, _ length: Int) -> [UInt8] {
            // In the data box beside the table.
            big(id, 2) + big(1, 2) + big(0, 2) + big(1, 2) + big(offset, 4) + big(length, 4)
        }
        let table =
            [1, 0, 0, 0, 0x44, 0] + big(2, 2) + location(1, 0, content.count)
            + location(2, content.count, xmp.count)
        let meta =
            box("iinf", [0, 0, 0, 0] + big(2, 2) + infos) + box("iloc", table) + box("idat", data)
        return box("ftyp", Array("heic".utf8) + big(0, 4) + Array("mif1".utf8)) + box("meta", [0, 0, 0, 0] + meta)
    }()

    private static let cr3: [UInt8] = {
        func half(_ entries: [ExifEntry]) -> [UInt8] { ExifBlockBuilder.build(entries, [], []) }
        let canon: [UInt8] = [
            0x85, 0xC0, 0xB6, 0x87, 0x82, 0x0F, 0x11, 0xE0, 0x81, 0x11, 0xF4, 0xCE, 0x46, 0x2B, 0x6A, 0x48,
        ]
        let adobe: [UInt8] = [
            0xBE, 0x7A, 0xCF, 0xCB, 0x97, 0xA9, 0x42, 0xE8, 0x9C, 0x71, 0x99, 0x94, 0x91, 0xE3, 0xAF, 0xAC,
        ]
        let place: [ExifEntry] = [
            .text(1, "S"), .rational(2, [(33, 1), (30, 1), (0, 1)]), .text(3, "E"),
            .rational(4, [(151, 1), (15, 1), (0, 1)]),
        ]
        let boxes =
            box("CMT1", half([.text(0x010F, "Maker")])) + box("CMT2", half([.short(0x8827, 400)]))
            + box("CMT3", half([.text(0x0095, "RF24-105mm")])) + box("CMT4", half(place))
        return box("ftyp", Array("crx ".utf8) + big(0, 4)) + box("moov", box("uuid", canon + boxes))
            + box("uuid", adobe + xmp)
    }()

    /// A TIFF file, or a RAW file with another number behind the order of bytes.
    private static func tiff(_ magic: String = "II*\0") -> [UInt8] {
        let packet = ExifEntry(tag: 0x02BC, type: 1, count: xmp.count, bytes: xmp)
        let file = ExifBlockBuilder.build(
            [.text(0x010F, "Maker"), packet], [.short(0x8827, 400)],
            [
                .text(1, "S"), .rational(2, [(33, 1), (30, 1), (0, 1)]), .text(3, "E"),
                .rational(4, [(151, 1), (15, 1), (0, 1)]),
            ])
        return Array(magic.utf8) + file[4...]
    }

    private static let raf: [UInt8] =
        Array("FUJIFILMCCD-RAW ".utf8) + [UInt8](repeating: 0, count: 68) + big(92, 4) + big(jpeg.count, 4) + jpeg

    private static let everyFile: [(name: String, bytes: [UInt8])] = [
        ("JPEG", jpeg), ("WebP", webp(exif)), ("WebP with a marker", webp(Array("Exif\0\0".utf8) + exif)),
        ("PNG", png(chunk("eXIf", exif), chunk("iTXt", Array("XML:com.adobe.xmp\0\0\0\0\0".utf8) + xmp))),
        (
            "PNG, packed",
            png(
                chunk("zTXt", Array("Raw profile type exif\0\0".utf8) + deflated(hex(Array("Exif\0\0".utf8) + exif))),
                chunk("iTXt", Array("XML:com.adobe.xmp\0\u{1}\0\0\0".utf8) + deflated(xmp)))
        ),
        ("HEIF", heif), ("CR3", cr3), ("TIFF", tiff()), ("ORF", tiff("IIRO")), ("RW2", tiff("IIU\0")), ("RAF", raf),
    ]

    /// ImageMagick's way to write bytes into text.
    private static func hex(_ bytes: [UInt8]) -> [UInt8] {
        let digits = bytes.map { String(format: "%02x", $0) }.joined()
        return Array("\nexif\n    \(bytes.count)\n\(digits)\n".utf8)
    }

    // MARK: Tests

    @Test func everyContainerIsRead() {
        for file in Self.everyFile { check(file.bytes, "\(file.name)") }
        #expect(read(Self.cr3).lens == "RF24-105mm")
    }

    @Test func theTitleOfAGIFIsRead() {
        let trailer: [UInt8] = [1] + (0...255).reversed().map { UInt8($0) } + [0]
        let head: [UInt8] = Array("GIF89a".utf8) + [1, 0, 1, 0, 0, 0, 0]
        let file = head + [0x21, 0xFF, 11] + Array("XMP DataXMP".utf8) + Self.xmp + trailer + [0x3B]
        #expect(read(file).title == "Dusk")
    }

    @Test func aCutFileNeverCrashes() {
        for file in Self.everyFile {
            for length in stride(from: 0, to: file.bytes.count, by: 3) { _ = read(Array(file.bytes[..<length])) }
        }
    }

    @Test func aLyingFileNeverCrashes() {
        for file in Self.everyFile {
            for index in stride(from: 2, to: file.bytes.count, by: 2) {
                var broken = file.bytes
                broken[index] = 0xFF
                if index + 3 < broken.count {
                    broken.replaceSubrange(index...index + 3, with: [0xFF, 0xFF, 0xFF, 0xFF])
                }
                _ = read(broken)
            }
        }
    }

    @Test func aDamagedPacketNeverCrashes() {
        let packet = Self.packet("<dc:title>a</dc:title>", attributes: "q:Rating='4' xmlns:e='' xmlns=''")
        for index in packet.indices {
            for byte in Array("<\"'&:=\0/".utf8) + [0xC3, 0xFF] {
                var broken = packet
                broken[index] = byte
                _ = XMPPacket(broken)
            }
        }
    }

    /// Over an instruction without data Foundation's parser ended the process.
    @Test func aPacketWithInstructionsIsRead() {
        let packet = Self.packet("<?nothing?><dc:title>a</dc:title><?with data?>", attributes: "q:Rating='4'")
        #expect(XMPPacket(packet)?.text("dc:title") == "a")
    }

    @Test func aFewBytesNeverBecomeGigabytes() {
        let bomb = Self.deflated([UInt8](repeating: 0x41, count: 50_000_000))
        let unpacked = bomb.withUnsafeBytes { Inflate.bytes($0, limit: 1_000_000) }
        #expect(unpacked?.count == 1_000_000)
    }

    @Test func aPacketThatDeclaresEntitiesIsNotRead() {
        let declared = Array("<!DOCTYPE x [<!ENTITY a \"Dusk\">]>".utf8)
        #expect(XMPPacket(Self.xmp) != nil)
        #expect(XMPPacket(declared + Self.xmp) == nil)
    }

    @Test func whatAPhoneOnlyWroteIntoXMPIsRead() throws {
        let packet = try #require(
            XMPPacket(
                Self.packet(
                    "",
                    attributes: """
                        exif:DateTimeOriginal="2018-10-27T13:27:23.53+02:00" exif:GPSLatitude="48,51.4N"
                        exif:GPSLongitude="2,21,3W" exif:FNumber="28/10" exif:ExposureTime="0/0" q:Rating="4"
                        aux:Lens="50mm"
                        """)))
        var values = PhotoMetadata()
        packet.fillDescription(&values)
        packet.fillCamera(&values)
        #expect(values.dateTaken == "2018-10-27T13:27:23+02:00")
        #expect(values.latitude.map { abs($0 - 48.856_667) < 1e-5 } == true)
        #expect(values.longitude.map { abs($0 + 2.350_833) < 1e-5 } == true)
        #expect(values.aperture == 2.8)
        #expect(values.shutterSpeed == nil)
        #expect(values.rating == 4)
        #expect(values.lens == "50mm")
    }

    private static func record(_ set: UInt8, _ text: [UInt8], of record: UInt8 = 2) -> [UInt8] {
        [0x1C, record, set] + big(text.count, 2) + text
    }

    @Test func whatAnEditorWroteIntoIPTCIsRead() {
        var values = PhotoMetadata()
        let latin = Self.record(5, [0x5A, 0x6F, 0xE9]) + Self.record(25, Array("sea".utf8))
        IPTCRecords(latin + Self.record(25, Array("sun".utf8)) + Self.record(25, Array("sea".utf8))).fill(&values)
        #expect(values.title == "Zoé")
        #expect(values.keywords == ["sea", "sun"])
        var modern = PhotoMetadata()
        IPTCRecords(Self.record(90, [0x1B, 0x25, 0x47], of: 1) + Self.record(120, Array("Zoé".utf8))).fill(&modern)
        #expect(modern.caption == "Zoé")
    }

    @Test func xmpGoesBeforeIPTC() {
        let iptc = Self.record(5, Array("Older".utf8)) + Self.record(120, Array("Words".utf8))
        let resource = Array("8BIM".utf8) + [4, 4, 0, 0] + Self.big(iptc.count, 4) + iptc
        let file =
            Self.jpeg.prefix(2) + Self.segment(0xED, Array("Photoshop 3.0\0".utf8) + resource)
            + Self.jpeg.dropFirst(2)
        let values = read(Array(file))
        #expect(values.title == "Dusk")
        #expect(values.caption == "Words")
    }
}
