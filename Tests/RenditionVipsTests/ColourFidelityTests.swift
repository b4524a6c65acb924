import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

/// How far the colours of renditions are from what littlecms makes of their originals.
///
/// The originals are real photos brought into each colour space by `originals.py`; the measure is CIEDE2000 by scikit-image,
/// pixel by pixel.
@Suite("Fidelity of colours", .enabled(if: !Corpus.photos24.photos.isEmpty))
struct ColourFidelityTests {
    /// A colour space of originals, and one of renditions.
    struct Case: Hashable, Sendable, CustomTestStringConvertible {
        var space: String
        var gamut: OutputGamut
        var testDescription: String { "\(space) to \(gamut.rawValue)" }
    }

    static let cases =
        ["Display P3", "Adobe RGB", "ProPhoto", "ProPhoto 16", "CMYK", "grey", "linear grey", "sRGB"].map {
            Case(space: $0, gamut: .srgb)
        }
        + ["Display P3", "Adobe RGB", "ProPhoto", "ProPhoto 16", "CMYK"].map { Case(space: $0, gamut: .p3) }

    private static let photos =
        ["DSC_0977.JPG"]
        + (Measures.isThorough ? ["IMG_2031.jpg", "DSC_0412.JPG", "figue rouge.final-v2.jpeg"] : [])

    /// CIEDE2000 over all places.
    private struct Difference: Decodable {
        var mean: Double
        var p95: Double
    }

    private struct Measured: Decodable {
        /// Of the pixels before encoding.
        var before: Difference
        /// Of the published JPEG.
        var encoded: Difference
        /// Of its means of four by four pixels.
        var smooth: Difference
        /// Of the means of eight by eight pixels before encoding, as the receipt takes them.
        var blocks: Difference
        /// Of the pixels before encoding that sRGB can't show; only for Display P3.
        var beyond: Beyond?
    }

    private struct Beyond: Decodable {
        /// How many of all pixels they are, 0–1.
        var share: Double
        var mean: Double
    }

    private struct Finding {
        var photo: String
        var measured: Measured
        /// What the record says.
        var receipt: Double?
    }

    private struct Original: Decodable {
        var space: String
        var path: String
    }

    private struct Job: Encodable {
        var original: String
        /// The profile of the reference.
        var target: String
        /// The profile of a smaller gamut.
        var narrow: String?
        var frame: String
        var rendition: String
    }

    private static let measured = Task {
        var table = MeasureTable(
            "Colours beside littlecms, CIEDE2000",
            columns: ["original", "rendition", "photo"]
                + ["mean", "95 %", "JPEG mean", "95 %", "smoothed", "95 %", "blocks", "receipt", "beyond sRGB"],
            notes: [
                "mean: of the pixels before encoding. JPEG: of the file's pixels. smoothed: of means of 4 x 4 of them, without",
                "the noise of JPEG. blocks: of means of 8 x 8 pixels before encoding, as the receipt takes them.",
                "beyond sRGB: of the pixels before encoding that sRGB can't show, and how many of all they are.",
                "The reference is tificc's, 16 bits, relative colorimetric with black-point compensation.",
            ])
        var findings: [Case: [Finding]] = [:]
        for photo in photos {
            let folder = TestFolder()
            let originals: [Original] = try await Measures.run(
                "originals",
                [
                    "\(Corpus.photos24.folder)/\(photo)", "\(Corpus.photos24.folder)/figue rouge.final-v2.jpeg",
                    folder.path,
                ])
            var (jobs, receipts): ([Job], [Double?]) = ([], [])
            for (number, one) in cases.enumerated() {
                guard let original = originals.first(where: { $0.space == one.space }) else { continue }
                let rendered = try MeasuredPhoto(
                    Array(try Data(contentsOf: URL(fileURLWithPath: original.path))),
                    as: RenderInstructions(sizes: [.medium], gamut: one.gamut), in: folder, name: "\(number)")
                let narrow = "/usr/share/color/icc/colord/sRGB.icc"
                let target = one.gamut == .srgb ? narrow : folder.path("p3.icc")
                // A press prints hardly any colour that sRGB can't show.
                let isWide = one.gamut == .p3 && one.space != "CMYK"
                jobs += rendered.sizes.map {
                    Job(
                        original: original.path, target: target, narrow: isWide ? narrow : nil,
                        frame: $0.frame, rendition: $0.rendition)
                }
                receipts.append(rendered.receipt)
            }
            let all: [Measured] = try await Measures.run("colours", job: jobs)
            for (one, (measured, receipt)) in zip(cases, zip(all, receipts)) {
                findings[one, default: []].append(Finding(photo: photo, measured: measured, receipt: receipt))
                let numbers =
                    [measured.before, measured.encoded, measured.smooth].flatMap { [$0.mean, $0.p95] } + [
                        measured.blocks.mean
                    ]
                table.add(
                    [one.space, one.gamut == .srgb ? "sRGB" : "Display P3", photo] + numbers.map { $0.digits(2) }
                        + [receipt?.digits(2) ?? "-"]
                        + [measured.beyond.map { "\($0.mean.digits(2)) (\((100 * $0.share).digits(1)) %)" } ?? ""])
            }
        }
        try table.write("colours")
        return findings
    }

    private static func findings(_ one: Case) async throws -> [Finding] {
        let found = try await measured.value[one] ?? []
        #expect(found.count == photos.count)
        return found
    }

    @Test(arguments: cases) func nobodySeesADifferenceInThePixels(_ one: Case) async throws {
        for found in try await Self.findings(one) {
            let difference = found.measured.before
            #expect(difference.mean <= 1 && difference.p95 <= 3, "\(found.photo): \(difference)")
        }
    }

    /// On a photo with noise, JPEG alone moves a pixel by 1 to 2 where nothing was converted, as the rows from sRGB show. Its
    /// noise isn't in the mean of a few pixels; a wrong colour is.
    @Test(arguments: cases) func nobodySeesADifferenceInTheFile(_ one: Case) async throws {
        for found in try await Self.findings(one) {
            let difference = found.measured.smooth
            #expect(difference.mean <= 1 && difference.p95 <= 3, "\(found.photo): \(difference)")
        }
    }

    @Test(arguments: cases.filter { $0.gamut == .p3 && $0.space != "CMYK" })
    func whatOnlyDisplayP3ShowsIsKept(_ one: Case) async throws {
        let findings = try await Self.findings(one)
        #expect(findings.contains { $0.measured.beyond.map { $0.share > 0.01 } ?? false }, "no photo has such colours")
        for found in findings {
            guard let beyond = found.measured.beyond else { continue }
            #expect(beyond.mean <= 1, "\(found.photo): \(beyond)")
        }
    }

    /// The receipt looks at a hundred blocks, this at all.
    @Test(arguments: cases) func theRecordsReceiptIsTrue(_ one: Case) async throws {
        for found in try await Self.findings(one) {
            let receipt = try #require(found.receipt)
            #expect(
                abs(receipt - found.measured.blocks.mean) <= 0.15,
                "\(found.photo): \(receipt), \(found.measured.blocks)")
        }
    }
}
