import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

/// Files that nobody of this project made, from the test sets of others.
@Suite("Public corpora")
struct PublicCorporaTests {
    /// The paths below a folder of the public corpora with one of the extensions.
    private static func files(_ folder: String, _ extensions: [String]) -> [String] {
        let root = "\(Corpus.publicFolder)/\(folder)"
        let paths = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return paths.filter { extensions.contains(($0 as NSString).pathExtension.lowercased()) }
            .map { "\(folder)/\($0)" }.sorted()
    }

    private static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(Corpus.publicFolder)/\(path)")))
    }

    /// Telephones' and cameras' files, those among them that libheif's or libvips' own ways refuse.
    private static let whole = ["heif", "heif_other", "heif_special"].flatMap {
        files("pillow-heif/tests/images/\($0)", ["heic", "heif", "hif"])
    }

    @Test func theCorporaAreThere() {
        #expect(Self.whole.count >= 40, "run scripts/test, which fetches them")
    }

    @Test(arguments: whole) func everyWholeHEIFIsRendered(_ path: String) throws {
        let original = try Self.bytes(path)
        // The largest of them has 200 megapixels, and what counts here is that it opens.
        if path.hasSuffix("200MP.heic") {
            #expect(try Rendering.renderer.get().probe(original, limits: RenderLimits()).stored.pixels > 190_000_000)
            return
        }
        let rendered = try Rendering.render(original, sizes: [.thumbnail])
        #expect([.heif, .avif].contains(rendered.probe.format))
        #expect(try Pixels(rendered.renditions[0].bytes).size == rendered.renditions[0].pixels)
    }

    /// What an iPhone has written since iOS 18.2: the Exif block is said to describe the tone-mapped image, item 38 of this
    /// file, whose base is item 33.
    private static func toneMapped() throws -> [UInt8] {
        var original = try bytes("pillow-heif/tests/images/heif_special/aux_YCbCr.heic")
        let reference = Array("cdsc".utf8) + [0, 0x27, 0, 1, 0, 0x21]
        let places = original.indices.dropLast(reference.count).filter { original[$0...].starts(with: reference) }
        original[try #require(places.first) + reference.count - 1] = 0x26
        return original
    }

    @Test func aToneMappedPhotoIsMended() throws {
        let original = try Self.toneMapped()
        // libheif itself refuses it, or there would be nothing to mend.
        VipsLoaders.unblock("VipsForeignLoadHeifBuffer")
        defer { VipsLoaders.all.allow() }
        #expect(throws: VipsError.self) {
            try original.withUnsafeBytes { bytes in
                let load = try Operation("heifload_buffer")
                try load.set("buffer", bytes: bytes)
                _ = try load.image()
            }
        }
        let rendered = try Rendering.render(original, sizes: [.thumbnail])
        #expect(rendered.probe.stored == PixelSize(width: 4000, height: 1848))
        #expect(rendered.metadata.make != nil, "its Exif block is read too")
        // Mended once, it needs no more.
        let mended = try #require(original.withUnsafeBytes { HEIFRepair.repaired($0) })
        #expect(mended.withUnsafeBytes { HEIFRepair.repaired($0) } == nil)
    }

    /// References that are said to be there and have no bytes.
    @Test func aTableWithoutBytesIsNotRead() {
        func box(_ kind: String, _ body: [UInt8]) -> [UInt8] {
            let length = body.count + 8
            return [0, 0, UInt8(length >> 8), UInt8(length & 255)] + Array(kind.utf8) + body
        }
        let info = box("infe", [2, 0, 0, 0, 0, 1, 0, 0] + Array("tmap\0".utf8))
        let parts = box("pitm", [0, 0, 0, 0, 0, 1]) + box("iinf", [0, 0, 0, 0, 0, 1] + info) + box("iref", [])
        let file = box("ftyp", Array("heic\0\0\0\0heic".utf8)) + box("meta", [0, 0, 0, 0] + parts)
        #expect(file.withUnsafeBytes { HEIFRepair.repaired($0) } == nil)
        #expect(throws: RenditionError.self) { try Rendering.render(file) }
    }

    @Test(arguments: ["heif_corrupted/corrupted.hif", "heif_truncated/truncated.heic"])
    func aBrokenHEIFIsRefused(_ path: String) throws {
        let original = try Self.bytes("pillow-heif/tests/images/\(path)")
        let error = #expect(throws: RenditionError.self) { try Rendering.render(original, sizes: [.thumbnail]) }
        #expect((error?.code, error?.retriable) == ("damaged", false))
    }

    /// The mender reads a stranger's tables: whatever stands in them, it must come back.
    @Test func noDamageToTheTablesCrashesTheMender() throws {
        let original = try Self.toneMapped()
        let meta = try #require(
            original.indices.dropLast(4).first { original[$0...].starts(with: Array("meta".utf8)) })
        var generator = SplitMix(seed: 18)
        for _ in 0..<300 {
            var damaged = original
            for _ in 0..<4 {
                damaged[Int.random(in: (meta - 4)..<(meta + 3395), using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            _ = damaged.withUnsafeBytes { HEIFRepair.repaired($0) }
        }
        for length in stride(from: meta - 8, to: meta + 3395, by: 31) {
            _ = Array(original[..<length]).withUnsafeBytes { HEIFRepair.repaired($0) }
        }
    }

    /// libheif opens it, and only misses the pixels when it is to decode them.
    @Test func aPictureWithoutASizeIsRefusedWhenItIsProbed() throws {
        let original = try Self.bytes(
            "libheif/fuzzing/corpus/clusterfuzz-testcase-minimized-file-fuzzer-5724458239655936.heic")
        let error = #expect(throws: RenditionError.self) {
            try Rendering.renderer.get().probe(original, limits: RenderLimits())
        }
        #expect(error?.code == "damaged")
        #expect(error?.stage == .probe)
        #expect(error?.retriable == false)
    }

    // MARK: RAW

    @Test(arguments: [
        ("hdrmerge/test/sample1.dng", OriginalFormat.dng), ("dcraw/debian/tests/IMG_0848.CR2", .cr2),
        ("rawtran/doc/IMG_5952.CR2", .cr2),
    ]) func aWholeRAWIsRendered(_ path: String, _ format: OriginalFormat) throws {
        let original = try Self.bytes(path)
        let rendered = try Rendering.render(original, sizes: [.small])
        #expect(rendered.probe.format == format)
        let pixels = try Pixels(rendered.renditions[0].bytes)
        #expect(pixels.size == rendered.renditions[0].pixels)
        #expect(try Rendering.renderer.get().probe(original, limits: RenderLimits()) == rendered.probe)
        // Neither black nor white: something was developed.
        #expect(pixels.mean.allSatisfy { (20...235).contains($0) }, "\(pixels.mean)")
    }

    /// Most RAW files of the public sets are stubs without the sensor's data. None may crash, pass for a photo it isn't, or be
    /// tried again.
    @Test func aRAWWithoutItsDataEndsWithAReason() throws {
        let kinds = ["crw", "raf", "dng", "cr2", "cr3", "nef", "orf", "rw2", "pef", "mrw", "x3f"]
        let paths = Self.files("libimage-exiftool-perl", kinds)
        #expect(paths.count >= 8)
        for path in paths {
            do {
                _ = try Rendering.render(try Self.bytes(path), sizes: [.thumbnail])
            } catch let error as RenditionError {
                #expect(!error.retriable, "\(path): \(error)")
                #expect(["damaged", "unsupported"].contains(error.code), "\(path): \(error)")
            }
        }
    }
}
