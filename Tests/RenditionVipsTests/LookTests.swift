import CVips
import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

/// Our own look at originals, before any library.
@Suite("The look")
struct LookTests {
    private static let limits = RenderLimits(memory: 768 << 20)
    /// What only the look says.
    private static let codes: Set = [
        "too_many_pixels", "too_many_frames", "too_many_scans", "too_deep", "too_much_metadata", "too_much_memory",
    ]
    private static let refused = Bomb.all.filter { bomb in
        bomb.ends.contains { end in codes.contains { end == .refused($0) } }
    }

    /// Not one of them reaches a library.
    @Test(arguments: refused.indices) func whatDemandsTooMuchIsRefusedByItsOwnWord(_ index: Int) throws {
        let bomb = Self.refused[index]
        let format = try OriginalFormat.detect(bomb.bytes)
        let error = #expect(throws: RenditionError.self, "\(bomb.name)") {
            try bomb.bytes.withUnsafeBytes { try Look.verify($0, format, Self.limits) }
        }
        #expect(error.map { bomb.ends.contains(.refused($0.code)) } == true, "\(bomb.name): \(error?.code ?? "")")
        #expect(error?.retriable == false)
        #expect(error?.stage == .probe)
        #expect(error?.detail != nil || error?.code == "too_many_pixels", "the operator wants the numbers")
    }

    /// What can't be true is found before anything believes it.
    @Test(arguments: [
        "jpeg-2-gigabytes-in-230-bytes.jpg", "png-profile-of-1-gigabyte.png", "png-text-of-2-gigabytes.png",
        "png-unknown-of-1-gigabyte.png", "png-chunks.png", "tiff-strips.tif", "bmp-no-pixels.bmp", "heif-boxes.heic",
        "svg-entities.svg",
    ]) func liesAreFound(_ name: String) throws {
        let bomb = try #require(Bomb.all.first { $0.name == name })
        let format = try OriginalFormat.detect(bomb.bytes)
        #expect(bomb.bytes.withUnsafeBytes { Look($0, format, Self.limits) }.damage != nil)
    }

    /// Every sample passes, and what the look takes for its size is what the library finds.
    @Test func goodPhotosPassAndTheirSizesAreFound() throws {
        for photo in Corpus.samples.photos where photo.format != nil {
            let bytes = Corpus.samples.bytes(photo.name)
            let format = try OriginalFormat.detect(bytes)
            guard format.kind == .picture, photo.expected != "failed" else { continue }
            let look = bytes.withUnsafeBytes { Look($0, format, RenderLimits()) }
            let probe = try Rendering.renderer.get().probe(bytes, limits: RenderLimits())
            let size = try #require(look.size, "\(photo.name)")
            #expect(size == probe.stored || size.transposed == probe.stored, "\(photo.name)")
        }
    }

    /// However it was cut or changed, nothing traps, and it doesn't take long.
    @Test func noDamageCrashesTheLook() throws {
        var generator = SplitMix(seed: 6)
        let small = (Bomb.all.map(\.bytes) + Corpus.samples.photos.map { Corpus.samples.bytes($0.name) })
            .filter { !$0.isEmpty && $0.count < 100_000 }
        for original in small {
            for _ in 0..<20 {
                var damaged = original
                for _ in 0..<8 {
                    // Headers are where the numbers are.
                    let place = Int.random(in: 0..<min(damaged.count, 400), using: &generator)
                    damaged[place] =
                        [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &generator)]
                        .randomElement(using: &generator) ?? 0
                }
                damaged = Array(damaged.prefix(Int.random(in: 1...damaged.count, using: &generator)))
                guard let format = try? OriginalFormat.detect(damaged) else { continue }
                damaged.withUnsafeBytes { _ = Look($0, format, RenderLimits()) }
            }
        }
    }

    @Test func progressiveScansOfARealPhotoAreCounted() throws {
        let photo = try Rendering.render(Corpus.photos24.bytes("DSC_0977.JPG"), sizes: [.medium]).renditions[0].bytes
        let look = photo.withUnsafeBytes { Look($0, .jpeg, RenderLimits()) }
        #expect(look.scans == 6)
        #expect(look.held > 0)
        let camera = Corpus.photos24.bytes("DSC_0977.JPG").withUnsafeBytes { Look($0, .jpeg, RenderLimits()) }
        #expect(camera.scans == 1)
        #expect(camera.held == 0, "a camera's photo is decoded as it comes")
    }

    @Test func limitsAreSettings() throws {
        let gif = try #require(Bomb.all.first { $0.name == "gif-9999-frames.gif" }).bytes
        #expect(throws: Never.self) { try Rendering.render(gif, sizes: [.thumbnail]) }
        let error = #expect(throws: RenditionError.self) {
            try Rendering.render(gif, sizes: [.thumbnail], limits: RenderLimits(frames: 9998))
        }
        #expect(error?.code == "too_many_frames")
    }
}
