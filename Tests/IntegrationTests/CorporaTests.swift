import Foundation
import RenditionCore
import RenditionLocal
import RenditionTestKit
import Testing

/// Other projects' test files and fuzz corpora, thousands that nobody here made, through the built worker.
///
/// A run takes some hundred of them, spread over folders and formats; `make corpora` takes all and prints a table.
@Suite("Corpora", .timeLimit(.minutes(60)))
struct CorporaTests {
    private let folder = TestFolder()
    private var store: String { "local:\(folder.path("store"))" }
    private let takesAll = ProcessInfo.processInfo.environment["CORPORA"] == "full"

    private struct Manifest: Decodable {
        struct File: Decodable {
            var path: String
            var format: String?
            var bytes: Int
        }
        var files: [File]
    }

    /// Over these librsvg 2.54 ends its process, or doesn't come back within its time: twice, and they are poison.
    private static let poison = Set(
        [
            "crash/bug1064-private-lang-tag-in-lang-selector", "render-crash/bug1062-feTurbulence-limit-numOctaves",
            "render-crash/bug1118-fuzz-large-transform-and-recursive-use", "render-crash/bug928-empty-feTile-bounds",
            "render-crash/bug932-too-big-font-size",
        ].map { "librsvg/rsvg/tests/fixtures/\($0).svg" }
            + ["resvg/crates/resvg/tests/tests/filters/feTile/empty-region.svg"])

    /// A part of the corpora that is the same in each run: of every folder's files of a format some, the small ones.
    private func files() throws -> [Manifest.File] {
        let data = try #require(FileManager.default.contents(atPath: "\(Corpus.publicFolder)/manifest.json"))
        let all = try JSONDecoder().decode(Manifest.self, from: data).files
            .filter { !["icc", "xmp"].contains($0.format) }.sorted { $0.path < $1.path }
        if takesAll { return all }
        let groups = Dictionary(grouping: all.filter { $0.bytes < 1_000_000 }) {
            "\($0.path.split(separator: "/")[0]) \($0.format ?? "")"
        }
        return groups.sorted { $0.key < $1.key }.flatMap { group in
            stride(from: 0, to: group.value.count, by: max(1, group.value.count / 4)).map { group.value[$0] }
        }
    }

    @Test func everyFileEndsAndTheWorkerLives() async throws {
        let files = try files()
        #expect(files.count >= (takesAll ? 3500 : 250), "run scripts/corpora")
        var names: [String: Manifest.File] = [:]
        var paths: [String] = []
        for (index, file) in files.enumerated() {
            let suffix = PathName.split(PathName.last(file.path)).suffix
            let name = "\(10_000 + index)\(suffix)"
            names[name] = file
            let path = folder.path(name)
            try FileManager.default.createSymbolicLink(
                atPath: path, withDestinationPath: "\(Corpus.publicFolder)/\(file.path)")
            paths.append(path)
        }
        let ids = try await Renditions.importing(paths, store)
        #expect(ids.count == files.count)
        let watch = try await WorkerWatch(["--store", store], ["RENDITIONS_RETRY_MS": "1"])
        #expect(watch.result.status == 0, "the worker: \(watch.result.errors.suffix(1000))")

        var table = CorporaTable()
        let local = try LocalStore(directory: folder.path("store"), creates: false, buckets: BucketNames())
        for (name, file) in names {
            let record = try await local.records.record(ids[name] ?? "")
            table.count(file.format ?? "other", record)
            judge(file.path, record)
        }
        await local.close()
        var deaths = (crashed: 0, late: 0)
        for report in try watch.reports {
            guard let error = report["error"] as? [String: Any],
                error["code"] as? String == RenditionError.rendererDiedCode
            else { continue }
            let isLate = (error["detail"] as? String)?.contains("without an answer") == true
            if isLate { deaths.late += 1 } else { deaths.crashed += 1 }
            let path = (report["filename"] as? String).flatMap { names[$0]?.path } ?? ""
            #expect(Self.poison.contains(path), "\(path): \(error["detail"] ?? "")")
        }
        let largest = watch.largestProcess
        let (first, last) = (watch.median(ofThird: 0), watch.median(ofThird: 2))
        print(
            """
            \(table.text)
            render processes that died: \(deaths.crashed), that were ended for want of an answer: \(deaths.late)
            the largest render process \(largest.mebibytes) MiB; the worker \((watch.samples.max() ?? 0) >> 20) MiB at most, \
            \(first) MiB in the first third, \(last) MiB in the last
            """)
        #expect(last <= first + (takesAll ? 32 : 96), "the worker grew from \(first) to \(last) MiB")
        #expect(largest.mebibytes < 4096)
    }

    private func judge(_ path: String, _ record: PhotoRecord?) {
        switch record?.status {
        case PhotoStatus.active: break
        case PhotoStatus.failed:
            guard case .map(let error)? = record?.attributes["rendition_error"], let code = error["code"]?.string,
                let message = error["message"]?.string
            else {
                Issue.record("\(path) failed without a reason")
                return
            }
            #expect(Internals.found(in: message, of: folder.path) == nil, "\(path): \(message)")
            #expect(!["internal", "out_of_memory", "renderer_died"].contains(code), "\(path): \(code)")
            #expect(code != "poison" || Self.poison.contains(path), "\(path)")
        default: Issue.record("\(path) hasn't ended: \(record?.status ?? "no record")")
        }
    }
}

/// Formats by what became of their files.
private struct CorporaTable {
    private var rows: [String: [String: Int]] = [:]

    mutating func count(_ format: String, _ record: PhotoRecord?) {
        var outcome = record?.status ?? "lost"
        if case .map(let error)? = record?.attributes["rendition_error"], outcome == PhotoStatus.failed {
            outcome = error["code"]?.string ?? "failed"
        }
        for row in [format, "all"] { rows[row, default: [:]][outcome, default: 0] += 1 }
    }

    var text: String {
        let formats = rows.keys.filter { $0 != "all" }.sorted() + ["all"]
        return formats.map { format in
            let row = rows[format] ?? [:]
            let others = row.filter { $0.key != PhotoStatus.active }.sorted { $0.value > $1.value }
                .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            return "\(format): \(row.values.reduce(0, +)) files, \(row[PhotoStatus.active] ?? 0) rendered; \(others)"
        }.joined(separator: "\n")
    }
}
