import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

/// How like a direct reduction the renditions are.
///
/// The measure is structural similarity as Wang, Bovik, Sheikh and Simoncelli define it ("Image quality assessment: from
/// error visibility to structural similarity", 2004), of the luma of ITU-R BT.601, by scikit-image. The reference is
/// Pillow's Lanczos in floating point, from the original's full resolution, with profiles applied by littlecms.
@Suite("Fidelity of structure", .enabled(if: !Corpus.photos24.photos.isEmpty))
struct StructureFidelityTests {
    /// Upright and turned, with a profile and without.
    private static let photos =
        Measures.isThorough
        ? Corpus.photos24.photos.map(\.name) : ["DSC_0412.JPG", "DSC04417.JPG", "_MG_8731.JPG"]

    private struct Similarity: Decodable {
        var name: String
        /// Of the pixels before encoding.
        var before: Double
        /// Of the published JPEG.
        var encoded: Double
        /// Of the JPEG that Pillow makes with the same quality.
        var pillow: Double
    }

    private static let measured = Task {
        var table = MeasureTable(
            "Structural similarity to a direct Lanczos reduction in floating point",
            columns: ["photo", "turn", "size", "before encoding", "JPEG", "Pillow's JPEG"],
            notes: ["Wang et al. 2004 on luma, Gaussian of 1.5 pixels; sharpening off; same quality and subsampling."])
        var found: [String: [Similarity]] = [:]
        for photo in Corpus.photos24.photos where photos.contains(photo.name) {
            let folder = TestFolder()
            let measured = try MeasuredPhoto(
                Corpus.photos24.bytes(photo.name), as: RenderInstructions(sharpening: .off), in: folder, name: "r")
            struct Job: Encodable {
                var original: String
                var sizes: [MeasuredPhoto.Size]
            }
            let similarities: [Similarity] = try await Measures.run(
                "structure", job: Job(original: Corpus.photos24.path(photo), sizes: measured.sizes))
            found[photo.name] = similarities
            for one in similarities {
                table.add(
                    [photo.name, "\(photo.orientation ?? 1)", one.name]
                        + [one.before, one.encoded, one.pillow].map { $0.digits(4) })
            }
        }
        try table.write("structure")
        return found
    }

    @Test(arguments: photos) func thePixelsAreThoseOfADirectReduction(_ photo: String) async throws {
        let found = try #require(try await Self.measured.value[photo])
        #expect(found.count == RenditionSize.all.count)
        for one in found {
            #expect(one.before >= 0.998, "\(photo) \(one.name): \(one.before)")
        }
    }

    /// JPEG takes away a hundred times what else is lost. A ten-thousandth or two of it is the rounding to bytes after each
    /// reduction, of which a cascade makes more than one.
    @Test(arguments: photos) func theFilesAreAsGoodAsADirectReductions(_ photo: String) async throws {
        for one in try #require(try await Self.measured.value[photo]) {
            #expect(one.encoded >= one.pillow - 0.0008, "\(photo) \(one.name): \(one.encoded), Pillow \(one.pillow)")
        }
    }
}
