import Foundation
import RenditionTestKit
import Testing

/// What exiftool finds in the renditions of files that nobody here made, by policy and kind of tag.
///
/// They are rendered by the built command, batch by batch in processes of their own.
@Suite("Fidelity of metadata", .enabled(if: FileManager.default.fileExists(atPath: Corpus.publicFolder)))
struct MetadataFidelityTests {
    /// Cameras', telephones' and editors' files. The others are more of the same kind.
    private static let folders =
        ["libimage-exiftool-perl/t/images", "exiv2/test/data", "pillow-heif/tests/images/heif_other"]
        + (Measures.isThorough
            ? [
                "golang-github-rwcarlsen-goexif", "gexiv2", "jhead/tests/normal-digicams", "libexif",
                "libimage-info-perl", "libimage-metadata-jpeg-perl", "libmetadata-extractor-java", "piexif",
                "pillow-heif/tests/images/heif", "pillow-heif/tests/images/heif_special", "pillow/Tests/images",
                "vips", "golang-golang-x-image",
            ] : [])

    private static let kinds = ["jpg", "jpeg", "heic", "heif", "hif", "png", "webp", "tif", "tiff"]

    /// In how many files exiftool found something of a group.
    private struct Count {
        var files = 0
        var holding: [MetadataGroup: [String]] = [:]

        mutating func add(_ file: [String: Any]) {
            files += 1
            // Cameras keep room for a name with blanks.
            let said = file.filter { ($0.value as? String)?.contains { !$0.isWhitespace } ?? true }.keys
            for group in Set(said.flatMap(MetadataGroup.of)) {
                let tags = said.filter { MetadataGroup.of($0).contains(group) }.sorted()
                holding[group, default: []].append("\(file["SourceFile"] ?? ""): \(tags.joined(separator: " "))")
            }
        }

        func number(_ group: MetadataGroup) -> Int { holding[group]?.count ?? 0 }
    }

    private struct Finding {
        /// The originals of which there are renditions.
        var originals = Count()
        /// By policy.
        var renditions: [String: Count] = [:]
    }

    private static let policies = ["public", "full", "none"]

    private static let measured = Task {
        var finding = Finding()
        let paths = folders.flatMap(files)
        for policy in policies {
            let folder = TestFolder()
            for (number, batch) in batches(of: paths).enumerated() {
                try await render(batch, policy, folder.path("\(number)"))
            }
            for tags in try await tags(below: folder.path) { finding.renditions[policy, default: Count()].add(tags) }
            guard policy == "public" else { continue }
            let stems = Set(folder.files().map { ($0 as NSString).lastPathComponent.split(separator: "_")[0] })
            let rendered = paths.indices.filter { stems.contains("\($0)") }.map { paths[$0] }
            for batch in batches(of: rendered) {
                for tags in try await tags(of: batch.map(\.path)) { finding.originals.add(tags) }
            }
        }
        try table(finding).write("metadata")
        return finding
    }

    private static func table(_ finding: Finding) -> MeasureTable {
        var table = MeasureTable(
            "Files in which exiftool finds metadata, by policy",
            columns: ["", "originals"] + policies, notes: ["Four JPEGs an original, made by renditions render."])
        table.add(["files", "\(finding.originals.files)"] + policies.map { "\(finding.renditions[$0]?.files ?? 0)" })
        for group in MetadataGroup.allCases {
            table.add(
                [group.rawValue, "\(finding.originals.number(group))"]
                    + policies.map { "\(finding.renditions[$0]?.number(group) ?? 0)" })
        }
        return table
    }

    // MARK: Files

    private static func files(_ folder: String) -> [String] {
        let root = "\(Corpus.publicFolder)/\(folder)"
        let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return names.filter { kinds.contains(($0 as NSString).pathExtension.lowercased()) }.sorted()
            // Two hundred megapixels take as long as all the others.
            .filter { !$0.hasSuffix("200MP.heic") }.map { "\(root)/\($0)" }
    }

    private static func batches(of paths: [String]) -> [[(number: Int, path: String)]] {
        let numbered = paths.enumerated().map { (number: $0.offset, path: $0.element) }
        return stride(from: 0, to: paths.count, by: 40).map { Array(numbered[$0..<min(paths.count, $0 + 40)]) }
    }

    /// Renders files under their numbers, since names occur more than once. Where one ends the whole process, the others are
    /// rendered one by one.
    private static func render(_ batch: [(number: Int, path: String)], _ policy: String, _ output: String) async throws
    {
        let folder = TestFolder()
        for (number, path) in batch {
            try FileManager.default.createSymbolicLink(
                atPath: folder.path("\(number).\((path as NSString).pathExtension)"), withDestinationPath: path)
        }
        // In kilobytes and seconds: a file may claim to need more than there is.
        let limits = #"ulimit -v 8000000; exec timeout 300 "$@""#
        let result = try await Command.run(
            "sh", ["-c", limits, "sh", Renditions.path, "render", "--out", output, folder.path],
            environment: ["RENDITIONS_METADATA": policy])
        if (0...2).contains(result.status) || batch.count == 1 { return }
        for one in batch { try await render([one], policy, output) }
    }

    private static func tags(below folder: String) async throws -> [[String: Any]] {
        try await tags(of: ["-r", folder])
    }

    private static func tags(of paths: [String]) async throws -> [[String: Any]] {
        let result = try await Command.run("exiftool", ["-j", "-a", "-G0:1", "-q", "-q"] + paths)
        let list = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]]
        return try #require(list, "\(result.errors)")
    }

    // MARK: Tests

    private static func renditions(_ policy: String) async throws -> Count {
        try #require(try await measured.value.renditions[policy])
    }

    @Test func theOriginalsHoldWhatMightLeak() async throws {
        let originals = try await Self.measured.value.originals
        #expect(originals.files >= 80)
        for group in MetadataGroup.allCases { #expect(originals.number(group) >= 5, "\(group.rawValue)") }
    }

    @Test(arguments: MetadataGroup.hidden) func nothingPrivateIsLeft(_ group: MetadataGroup) async throws {
        for policy in ["public", "none"] {
            let left = try await Self.renditions(policy).holding[group] ?? []
            #expect(left.isEmpty, "\(policy): \(left.prefix(5))")
        }
    }

    @Test func thePublicPolicyKeepsWhoseAPhotoIs() async throws {
        let originals = try await Self.measured.value.originals
        let kept = Double(try await Self.renditions("public").number(.rights)) / 4
        // One hides it in a trailer, another gives it a name that nobody else knows.
        #expect(kept >= 0.9 * Double(originals.number(.rights)), "\(kept) of \(originals.number(.rights))")
        #expect(try await Self.renditions("none").number(.rights) == 0)
    }

    @Test func theFullPolicyKeepsAllButWhatIsWrongByNow() async throws {
        let full = try await Self.renditions("full")
        for group in [MetadataGroup.thumbnail, .makerNote] {
            #expect(full.number(group) == 0, "\((full.holding[group] ?? []).prefix(5))")
        }
        for group in [MetadataGroup.place, .camera, .date, .rights] {
            #expect(full.number(group) > 0, "\(group.rawValue)")
        }
    }

    @Test(arguments: policies) func everyRenditionHasAProfile(_ policy: String) async throws {
        let renditions = try await Self.renditions(policy)
        #expect(renditions.number(.profile) == renditions.files)
    }
}
