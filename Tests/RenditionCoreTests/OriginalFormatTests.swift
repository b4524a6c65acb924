import RenditionCore
import Testing

@Suite("Recognising originals by their bytes")
struct OriginalFormatTests {
    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static func box(_ brands: String) -> [UInt8] {
        var bytes: [UInt8] = [0, 0, 0, UInt8(8 + brands.utf8.count)]
        bytes += text("ftyp")
        bytes += text(brands)
        return bytes
    }

    private static let known: [([UInt8], OriginalFormat)] = [
        ([0xFF, 0xD8, 0xFF, 0xE1], .jpeg),
        ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], .png),
        (text("RIFF....WEBPVP8 "), .webp),
        (text("GIF89a"), .gif),
        ([0x49, 0x49, 42, 0, 8, 0, 0, 0, 0, 0], .tiff),
        ([0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 0], .tiff),
        (box("heic\0\0\0\0mif1heic"), .heif),
        (box("mif1\0\0\0\0mif1avif"), .heif),
        (box("avif\0\0\0\0"), .heif),
    ]

    @Test(arguments: known)
    func knows(_ bytes: [UInt8], _ format: OriginalFormat) throws {
        #expect(try OriginalFormat.detect(bytes) == format)
    }

    /// A TIFF of one directory with the given tags, each a LONG.
    private static func tiff(_ tags: [(UInt16, UInt32)]) -> [UInt8] {
        func little(_ value: UInt32, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
        var bytes: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0]
        bytes += little(UInt32(tags.count), 2)
        for (tag, value) in tags {
            bytes += little(UInt32(tag), 2)
            bytes += little(4, 2)
            bytes += little(1, 4)
            bytes += little(value, 4)
        }
        return bytes
    }

    private static let others: [([UInt8], String)] = [
        ([], "an empty file"),
        (text("%PDF-1.7"), "a PDF"),
        (box("qt  \0\0\0\0"), "a QuickTime video"),
        (box("isom\0\0\0\0mp41"), "a video"),
        (box("crx \0\0\0\0"), "a Canon CR3 RAW file"),
        (tiff([(0x00FE, 1), (0x014A, 99)]), "a RAW file (camera RAW)"),
        (tiff([(0xC612, 0x0000_0401)]), "a RAW file (DNG)"),
        ([0x49, 0x49, 42, 0, 16, 0, 0, 0, 0x43, 0x52, 2, 0], "a RAW file (Canon CR2)"),
        ([UInt8](repeating: 0, count: 100), "nothing but zeros"),
        (text("hello"), "of an unknown kind"),
        ([0xFF, 0xD8], "of an unknown kind"),
    ]

    @Test(arguments: others)
    func namesWhatItFoundInstead(_ bytes: [UInt8], _ found: String) {
        let error = #expect(throws: RenditionError.self) { try OriginalFormat.detect(bytes) }
        #expect(error?.message.contains("This file is \(found),") == true, "\(error?.message ?? "")")
        #expect(error?.retriable == false)
    }

    @Test func noPrefixOfAnythingCrashesIt() {
        let seeds = Self.known.map(\.0) + Self.others.map(\.0)
        for seed in seeds {
            for length in 0...seed.count { _ = try? OriginalFormat.detect(Array(seed[..<length])) }
        }
        _ = try? OriginalFormat.detect([0x49, 0x49, 42, 0, 0xFF, 0xFF, 0xFF, 0xFF])
        _ = try? OriginalFormat.detect([0xFF, 0xFF, 0xFF, 0xFF] + Self.text("ftypmif1"))
    }
}
