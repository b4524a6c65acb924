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
        (box("mif1\0\0\0\0mif1avif"), .avif),
        (box("avif\0\0\0\0"), .avif),
        (box("mif1\0\0\0\0MiHBtmapheic"), .heif),
        (text("BM") + [UInt8](repeating: 0, count: 12) + [40, 0, 0, 0], .bmp),
        (text("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), .svg),
        (text("\u{FEFF}<?xml version=\"1.0\"?>\n<!-- drawn -->\n<svg/>"), .svg),
        ([0x49, 0x49, 42, 0, 16, 0, 0, 0, 0x43, 0x52, 2, 0], .cr2),
        (box("crx \0\0\0\0"), .cr3),
        (tiff([(0x00FE, 1), (0x014A, 99)], make: "NIKON CORPORATION"), .nef),
        (tiff([(0x00FE, 1), (0x014A, 99)], make: "SONY"), .arw),
        (tiff([(0x0103, 65535)], make: "PENTAX Corporation"), .pef),
        (tiff([(0x0106, 32803)], make: "SAMSUNG"), .srw),
        (tiff([(0x00FE, 1), (0x014A, 99)], make: "Somebody"), .raw),
        (tiff([(0x0103, 1), (0x0106, 2)], make: "NIKON CORPORATION"), .tiff),
        (tiff([(0xC612, 0x0000_0401)]), .dng),
        (text("FUJIFILMCCD-RAW 0201"), .raf),
        (text("IIRO") + [8, 0, 0, 0], .orf),
        (text("IIU\0") + [8, 0, 0, 0], .rw2),
        ([0x49, 0x49, 0x1A, 0, 0, 0] + text("HEAPCCDR"), .raw),
        (box("isom\0\0\0\0mp41"), .mp4),
        (box("qt  \0\0\0\0"), .mov),
        (box("M4V \0\0\0\0"), .m4v),
        ([0, 0, 0, 8] + text("moov"), .mov),
        ([0x1A, 0x45, 0xDF, 0xA3, 0x9F, 0x42, 0x82, 0x84] + text("webm"), .webm),
        ([0x1A, 0x45, 0xDF, 0xA3, 0x9F, 0x42, 0x82, 0x88] + text("matroska"), .mkv),
        (text("RIFF....AVI LIST"), .avi),
    ]

    @Test(arguments: known)
    func knows(_ bytes: [UInt8], _ format: OriginalFormat) throws {
        #expect(try OriginalFormat.detect(bytes) == format)
    }

    /// A TIFF of one directory with the given tags, each a LONG.
    private static func tiff(_ tags: [(UInt16, UInt32)], make: String = "") -> [UInt8] {
        func little(_ value: UInt32, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
        var bytes: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0]
        bytes += little(UInt32(tags.count + (make.isEmpty ? 0 : 1)), 2)
        for (tag, value) in tags {
            bytes += little(UInt32(tag), 2)
            bytes += little(4, 2)
            bytes += little(1, 4)
            bytes += little(value, 4)
        }
        if !make.isEmpty {
            bytes += little(0x010F, 2)
            bytes += little(2, 2)
            bytes += little(UInt32(make.utf8.count + 1), 4)
            bytes += little(UInt32(bytes.count + 4), 4)
            bytes += text(make + "\0")
        }
        return bytes
    }

    private static let others: [([UInt8], String)] = [
        ([], "an empty file"),
        (text("%PDF-1.7"), "a PDF"),
        (box("M4A \0\0\0\0"), "a sound"),
        (text("RIFF....WAVEfmt "), "a sound"),
        (text("PK\u{3}\u{4}"), "a ZIP archive"),
        (text("8BPS"), "a Photoshop document"),
        (text("<!DOCTYPE html><html><body><svg/></body></html>"), "a web page"),
        (text("<?xml version=\"1.0\"?><gpx/>"), "an XML document"),
        ([0x1F, 0x8B, 8, 0], "a gzip archive"),
        ([0xFF, 0x0A, 1, 2], "a JPEG XL image"),
        (text("Best man's speech"), "a text"),
        ([UInt8](repeating: 0, count: 100), "nothing but zeros"),
        ([1, 2, 3, 200, 7, 0, 9], "of an unknown kind"),
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
