import COnePass
import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

/// The quick way for cameras' JPEGs, beside the general one.
@Suite("One pass")
struct OnePassTests {
    /// What all sizes show, made in one pass and by the cascade.
    ///
    /// - Parameter isEncoded: Whether to look at the files, which go to their encoders as they come, or at the pixels before.
    private static func both(
        _ original: [UInt8], _ instructions: RenderInstructions = RenderInstructions(), isEncoded: Bool = false
    ) throws -> (onePass: [Shown], cascade: [Shown]) {
        try VipsLibrary.start()
        return try original.withUnsafeBytes { bytes in
            let deadline = RenderDeadline(after: .seconds(600))
            var times = StageTimes()
            let targets: [(size: RenditionSize, pixels: PixelSize)]
            var onePass: [Shown] = []
            do {
                let source = try LoadStep.open(bytes, .jpeg, RenderLimits())
                targets = Cascade.targets(instructions.sizes, source.probe)
                var wanted = instructions
                // Pixels to look at, so that no size goes to its encoder as it comes.
                if !isEncoded { for size in instructions.sizes { wanted.furtherFormats[size.name] = [.webp] } }
                let made = try OnePass(source, bytes, deadline)?.frames(
                    targets, wanted, converting: source.image.blob("icc-profile-data").flatMap(MatrixConversion.of),
                    ColourStep.reference(for: source.image), &times)
                onePass = try (made?.frames ?? []).map { try Shown($0, isEncoded) }
            }
            let source = try LoadStep.open(bytes, .jpeg, RenderLimits())
            let colours: ColourStep.Source = source.image.hasBlob("icc-profile-data") ? .profile : .sRGB
            let cascade = try Cascade(source, instructions.sizes, .none)
            return (
                onePass, try cascade.frames(from: colours, to: .srgb, deadline, &times).map { try Shown($0, isEncoded) }
            )
        }
    }

    /// What a frame shows.
    private struct Shown {
        let name: String
        let size: PixelSize
        let pixels: [UInt8]

        init(_ frame: any Frame, _ isEncoded: Bool) throws {
            (name, size) = (frame.size.name, frame.pixels)
            guard isEncoded else {
                pixels = try frame.rgb().pixels()
                return
            }
            let file = try frame.jpeg(.lean, segments: [], followedBy: [])
            pixels = try file.withUnsafeBytes { bytes in
                let opened = try PictureFile.open(bytes, .jpeg)
                return try opened.image.pixels()
            }
        }

        /// The greatest difference of two pictures' means of blocks of so many pixels.
        func difference(from other: Shown, side: Int) -> Double {
            var worst = 0.0
            for top in stride(from: 0, to: max(1, size.height - side + 1), by: side) {
                for left in stride(from: 0, to: max(1, size.width - side + 1), by: side) {
                    for band in 0..<3 {
                        var sum = 0
                        for row in top..<min(size.height, top + side) {
                            for column in left..<min(size.width, left + side) {
                                let place = (row * size.width + column) * 3 + band
                                sum += Int(pixels[place]) - Int(other.pixels[place])
                            }
                        }
                        let count = min(side, size.height - top) * min(side, size.width - left)
                        worst = max(worst, abs(Double(sum)) / Double(count))
                    }
                }
            }
            return worst
        }

        /// The mean difference of two pictures' pixels.
        func meanDifference(from other: Shown) -> Double {
            let sum = zip(pixels, other.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
            return Double(sum) / Double(pixels.count)
        }
    }

    private static func expectAlike(
        _ ways: (onePass: [Shown], cascade: [Shown]), _ what: String, _ limits: (mean: Double, worst: Double) = (2, 5)
    ) {
        #expect(ways.onePass.map(\.name) == ways.cascade.map(\.name), "\(what)")
        for (one, other) in zip(ways.onePass, ways.cascade) {
            #expect(one.size == other.size, "\(what) \(one.name)")
            guard one.size == other.size else { continue }
            let (mean, worst) = (one.meanDifference(from: other), one.difference(from: other, side: 4))
            // libjpeg spreads chroma by a triangle or, where four pixels share it, not at all.
            #expect(
                mean < limits.mean && worst < limits.worst, "\(what) \(one.name): \(mean) on average, \(worst) at worst"
            )
        }
    }

    @Test(arguments: 1...8) func everyTurnShowsWhatTheCascadeShows(_ orientation: Int) throws {
        Self.expectAlike(try Self.both(Corpus.samples.bytes("orientation-\(orientation).jpg")), "\(orientation)")
    }

    @Test(.enabled(if: !Corpus.photos24.photos.isEmpty)) func photographsShowWhatTheCascadeShows() throws {
        let sizes: [RenditionSize] = [.medium, .small, .thumbnail]
        Self.expectAlike(
            try Self.both(Corpus.photos24.bytes("DSC_0977.JPG"), RenderInstructions(sizes: sizes)), "DSC_0977.JPG")
    }

    /// Sides that no block and no pair of chroma samples fits, and every way of halving chroma.
    @Test(arguments: [
        (["-sample", "2x2"], 801), (["-sample", "2x1"], 333), (["-sample", "1x2"], 1023), (["-sample", "1x1"], 799),
        (["-sample", "4x1"], 517), (["-sample", "4x2"], 1201), (["-progressive", "-sample", "2x2"], 903),
        (["-restart", "1"], 17),
        (["-arithmetic"], 405), (["-sample", "2x2"], 1),
    ]) func everySizeAndSamplingShowsWhatTheCascadeShows(_ arguments: [String], _ width: Int) async throws {
        let size = PixelSize(width: width, height: width * 2 / 3 + 1)
        let file = try await Tool.make(
            "cjpeg", arguments + ["-quality", "95", "-outfile", "{out}", "{in}"], from: Self.landscape(size),
            named: "in.ppm", to: "out.jpg")
        // Smaller than in life, so that a small original is reduced several times.
        let sizes = [(400, 92), (200, 90), (80, 85), (40, 80)].enumerated().map { index, own in
            RenditionSize(
                name: RenditionSize.all[index].name, box: PixelSize(width: own.0, height: own.0), quality: own.1)
        }
        Self.expectAlike(try Self.both(file, RenderInstructions(sizes: sizes)), "\(arguments) \(size)")
    }

    /// The files, whose sizes go to their encoders as they come or turned, with chroma halved or whole. Halved chroma differs
    /// most, as libjpeg halves it by a box; by half of its samples to the side it would differ more than twice as much.
    @Test(arguments: [1, 2, 3, 5, 6, 7, 8], [["-sample", "2x2"], ["-sample", "1x1"]])
    func theFilesShowWhatTheCascadesShow(_ orientation: Int, _ arguments: [String]) async throws {
        let folder = TestFolder()
        let path = try folder.write("in.ppm", Self.landscape(PixelSize(width: 801, height: 535)))
        let file = folder.path("in.jpg")
        _ = try await Command.run("cjpeg", arguments + ["-quality", "95", "-outfile", file, path])
        _ = try await Command.run("exiftool", ["-q", "-overwrite_original", "-n", "-Orientation=\(orientation)", file])
        let original = Array(FileManager.default.contents(atPath: file) ?? Data())
        // Odd sides, of which no half is whole.
        let sizes = [(401, 92), (201, 90), (81, 85), (41, 80)].enumerated().map { index, own in
            RenditionSize(
                name: RenditionSize.all.reversed()[index].name, box: PixelSize(width: own.0, height: own.0),
                quality: own.1)
        }
        Self.expectAlike(
            try Self.both(original, RenderInstructions(sizes: sizes), isEncoded: true), "\(arguments) \(orientation)",
            (6, 20))
    }

    @Test(.enabled(if: !Corpus.photos24.photos.isEmpty), arguments: ["_MG_8731.JPG", "figue rouge.final-v2.jpeg"])
    func profilesAreAppliedAsTheCascadeAppliesThem(_ name: String) throws {
        Self.expectAlike(
            try Self.both(Corpus.photos24.bytes(name), RenderInstructions(sizes: [.small, .thumbnail])), name)
    }

    /// Waves of all lengths in three colours, whose pattern is nowhere the same.
    private static func landscape(_ size: PixelSize) -> [UInt8] {
        var file = Array("P6\n\(size.width) \(size.height)\n255\n".utf8)
        for row in 0..<size.height {
            for column in 0..<size.width {
                file += [column * 2 + row, row * 3 / 2 - column, (column * row) / 40].map { value in
                    UInt8(abs(abs(value) % 400 - 200))
                }
            }
        }
        return file
    }

    /// Machines of all kinds make the same files: what is quicker on some computes nothing else.
    @Test(arguments: ["orientation-1.jpg", "orientation-6.jpg", "panorama.jpg"])
    func everyProcessorMakesTheSameFiles(_ name: String) throws {
        let original = Corpus.samples.bytes(name)
        let quick = try Rendering.render(original).renditions.map(\.checksum)
        op_use_plain_code(1)
        defer { op_use_plain_code(0) }
        #expect(try Rendering.render(original).renditions.map(\.checksum) == quick)
    }

    /// Whether a size goes to its encoder as it comes, or is looked at before, is not seen.
    @Test func aStreamedFileIsTheStoredOne() throws {
        let original = Corpus.samples.bytes("DSC_0001.JPG")
        let streamed = try Rendering.render(original, sizes: [.large, .medium]).renditions[0]
        let stored = try Rendering.render(original, sizes: [.large]).renditions[0]
        #expect(streamed.bytes == stored.bytes)
    }

    @Test func bothScriptsShowTheSamePixels() throws {
        let original = Corpus.samples.bytes("DSC_0001.JPG")
        let lean = try Rendering.render(original, as: RenderInstructions(sizes: [.small]))
        let standard = try Rendering.render(original, as: RenderInstructions(sizes: [.small], scans: .standard))
        #expect(lean.renditions[0].bytes != standard.renditions[0].bytes)
        #expect(try Pixels(lean.renditions[0].bytes).mean == Pixels(standard.renditions[0].bytes).mean)
    }

    @Test func whatIsCutOffIsRefused() throws {
        let original = Corpus.samples.bytes("DSC_0001.JPG")
        for share in [0.3, 0.9, 0.999] {
            let error = Rendering.refusal(of: Array(original.prefix(Int(Double(original.count) * share))))
            #expect(error?.code == "damaged" && error?.retriable == false, "\(share): \(String(describing: error))")
        }
    }

    /// The cascade makes again what one pass got wrong, as it would where a profile isn't what it looks like.
    @Test func theReceiptTellsWhenBlocksDiffer() throws {
        let pixels = PixelSize(width: 160, height: 120)
        let turn = Turn(orientation: 6)
        let blocks = BlockMeans(pixels, turn)
        let shape = op_plane(width: 120, height: 160, extent_x: 120, extent_y: 160, stride: 128, rows: 8)
        // Lighter downwards as stored; shown lighter from right to left.
        for row in 0..<160 {
            var samples = [UInt8](repeating: UInt8(40 + row), count: 128)
            samples.withUnsafeMutableBufferPointer { samples in
                for plane in 0..<3 { blocks.add([samples.baseAddress], from: row, plane: plane, shape) }
            }
        }
        func receipt(_ orientation: Int) -> ColourReceipt? {
            let store = PlaneStore(pixels, isHalved: false, Turn(orientation: orientation))
            for row in 0..<160 {
                let samples = [Int16](repeating: Int16((40 + row) * 64), count: 120 + Int(OP_SLACK))
                for plane in 0..<3 { store.take(samples, plane: plane) }
            }
            return blocks.receipt(for: store, by: .encoded)
        }
        #expect(receipt(6)?.isGood == true)
        #expect(receipt(8)?.isGood == false)
    }
}

@Suite("Matrix conversion")
struct MatrixConversionTests {
    /// A profile whose darkest value is some light has a black of its own, for which littlecms corrects.
    @Test func aCurveThatBeginsAboveNoLightIsLeftToLittlecms() throws {
        func profile(from first: Double) throws -> [UInt8] {
            let colorants = try #require(Chromaticities((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)).colorants)
            let table = (0..<256).map { first + (1 - first) * pow(Double($0) / 255, 2.2) }
            return CompactProfile.build(
                "Test", primaries: colorants.primaries, curve: .table(table), adaptation: colorants.adaptation)
        }
        #expect(MatrixConversion(try profile(from: 0)) != nil)
        #expect(MatrixConversion(try profile(from: 0.004)) == nil)
    }

    @Test func aTableGoesBeforeCurves() { #expect(MatrixConversion(ColourReceiptTests.swapping) == nil) }
}

@Suite("Resampling")
struct ResampleWeightsTests {
    @Test(arguments: [(6000, 4000), (4000, 2667), (3000, 4000), (2000, 800), (400, 400), (1, 1), (7, 3), (40_000, 400)])
    func everySampleIsAWholeOfItsNeighbours(_ from: Int, _ to: Int) {
        let weights = ResampleWeights(
            from: Span(samples: from, extent: Double(from)), to: Span(samples: to, extent: Double(to)), lanes: 16)
        for sample in 0..<to {
            let own = weights.weights[(sample * weights.taps)..<((sample + 1) * weights.taps)]
            #expect(own.reduce(0) { $0 + Int($1) } == ResampleWeights.one)
            let first = Int(weights.starts[sample])
            #expect(first >= 0 && first + weights.taps <= max(from, weights.taps))
            // The centre of mass is where the new sample lies.
            let middle =
                zip(first..., own).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } / Double(ResampleWeights.one)
            let expected = (Double(sample) + 0.5) * Double(from) / Double(to) - 0.5
            let edge = 3 * max(1, Double(from) / Double(to))
            if expected > edge, expected < Double(from) - edge { #expect(abs(middle - expected) < 0.1) }
        }
    }
}
