import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import renditions

/// What a person meets at the command line.
@Suite("The command", .timeLimit(.minutes(5)))
struct CommandTests {
    private let folder = TestFolder()
    private var store: String { "local:\(folder.path("store"))" }

    private func sample(_ name: String) -> String { "\(Corpus.samples.folder)/\(name)" }

    @Test func theWholeWayOfMixedSamples() async throws {
        let ids = try await Renditions.importing([Corpus.samples.folder], gallery: "mixed", store)
        #expect(ids.count == Corpus.samples.photos.count)
        let worker = try await Renditions.run(["worker", "--drain", "--summary", "--store", store])
        #expect(worker.status == 0, "\(worker.errors)")
        for photo in Corpus.samples.photos {
            let story = try await Renditions.show(try #require(ids[photo.name]), store)
            #expect(story.status == photo.expected, "\(photo.name)")
            #expect(worker.output.contains(photo.name))
            guard photo.expected == "failed" else { continue }
            #expect(story.state == "dead")
            #expect(story.text("rendition_error", "message")?.isEmpty == false)
            #expect(story.renditions.allSatisfy { $0["bytes"] == nil })
            let text = try await Renditions.run(["show", ids[photo.name] ?? "", "--store", store]).output
            #expect(text.contains(story.text("rendition_error", "message") ?? "?"))
        }
    }

    @Test func severalProcessesMayMakeAndFillOneStore() async throws {
        let imports = try (0..<4).map { index in
            try Renditions.start([
                "import", sample("tiny.jpg"), sample("grey.jpg"), "--gallery", "g\(index)", "--store", store,
            ])
        }
        for process in imports {
            let result = try await process.wait()
            #expect(result.status == 0, "\(result.errors)")
        }
        #expect(folder.files(below: "store/objects").count == 8)
    }

    @Test func renderWritesTheSameBytesAsTheWorker() async throws {
        let ids = try await Renditions.importing([sample("orientation-6.jpg")], gallery: "g", store)
        _ = try await Renditions.run(["worker", "--drain", "--store", store])
        let out = folder.path("out")
        let result = try await Renditions.run(["render", sample("orientation-6.jpg"), "--out", out, "--json"])
        #expect(result.status == 0, "\(result.errors)")
        let story = try await Renditions.show(try #require(ids.values.first), store)
        #expect(
            folder.files(below: "out") == ["large", "medium", "small", "thumbnail"].map { "orientation-6_\($0).jpg" })
        for size in RenditionSize.all {
            let bytes = FileManager.default.contents(atPath: "\(out)/orientation-6_\(size.name).jpg") ?? Data()
            #expect(Checksum.sha256(Array(bytes)) == story.photo["\(size.name)_checksum"] as? String)
        }
        #expect(try Renditions.reports(result.output).first?["outcome"] as? String == "done")
    }

    @Test func renderGoesOnAfterABrokenFile() async throws {
        let result = try await Renditions.run([
            "render", sample("broken.jpg"), sample("tiny.jpg"), "--out", folder.path("out"),
        ])
        #expect(result.status == 1)
        #expect(result.output.contains("damaged or incomplete"))
        #expect(folder.files(below: "out").count == 4)
    }

    @Test func twoFilesOfOneNameDoNotOverwriteEachOther() async throws {
        for part in ["a", "b"] {
            try folder.write("in/\(part)/photo.jpg", Corpus.samples.bytes(part == "a" ? "tiny.jpg" : "grey.jpg"))
        }
        let result = try await Renditions.run(["render", folder.path("in"), "--out", folder.path("out")])
        #expect(result.status == 1)
        #expect(result.output.contains("would overwrite"))
        #expect(folder.files(below: "out").count == 4)
    }

    @Test func aMissingFileStopsTheImportBeforeItBegins() async throws {
        let result = try await Renditions.run([
            "import", sample("tiny.jpg"), "/none/of/this.jpg", "--gallery", "g", "--store", store,
        ])
        #expect(result.status == 66)
        #expect(result.errors.contains("/none/of/this.jpg: No such file or directory"))
        #expect(folder.files().isEmpty)
    }

    @Test(.enabled(if: Allowed.anotherUser, "it takes another user's eyes to find a folder unreadable"))
    func anUnreadableFolderIsNamed() async throws {
        let closed = folder.path("closed")
        try folder.write("closed/a.jpg", [1])
        chmod(closed, 0o000)
        chmod(folder.path, 0o755)
        defer { chmod(closed, 0o755) }
        let result = try await Command.run(
            "setpriv",
            [
                "--reuid=65534", "--regid=65534", "--clear-groups", Renditions.path, "import", closed, "--gallery",
                "g", "--store", store,
            ])
        // A checkout that other users can't enter says nothing about the command.
        guard !result.errors.contains("failed to execute") else { return }
        #expect(result.status == 66)
        #expect(result.errors.contains("\(closed): Permission denied"))
    }

    @Test(arguments: [
        (["show", "x", "--store", "local:/none"], 66, "There is no store in /none"),
        (["show", "x", "--store", "sqlite"], 78, "must be local:DIR or aws"),
        (["gallery", "g", "--store", "aws"], 78, "needs an embedded store"),
        (["worker", "--threads", "0"], 64, "1 to 1024"),
        (["import", "x.jpg", "--gallery", "a/b"], 64, "can't be a gallery's id"),
        (["import", "x.jpg", "--gallery", "renditions"], 64, "can't be a gallery's id"),
        (["import", "x.jpg"], 64, "--gallery"),
    ])
    func mistakesAreNamed(_ arguments: [String], _ status: Int32, _ text: String) async throws {
        let result = try await Renditions.run(arguments)
        #expect(result.status == status)
        #expect(result.errors.contains(text), "\(result.errors)")
    }

    @Test func aFolderOfPhotosIsNoStore() async throws {
        try folder.write("photos/a.jpg", [1])
        for verb in [["worker", "--drain"], ["import", sample("tiny.jpg"), "--gallery", "g"], ["show", "x"]] {
            let result = try await Renditions.run(verb + ["--store", "local:\(folder.path("photos"))"])
            #expect(result.status == 66)
            #expect(result.errors.contains("holds other files and no store"), "\(result.errors)")
        }
        #expect(folder.files() == ["photos/a.jpg"])
    }

    @Test(arguments: [
        ("RENDITIONS_THREADS", "many"), ("RENDITIONS_THREADS", "0"), ("RENDITIONS_LEASE_SECONDS", "2"),
        ("RENDITIONS_LOG_LEVEL", "loud"), ("RENDITIONS_MEMORY_MB", "1e3"),
    ])
    func aWrongSettingStopsTheStart(_ name: String, _ value: String) async throws {
        let result = try await Renditions.run(["worker", "--drain", "--store", store], [name: value])
        #expect(result.status == 78)
        #expect(result.errors.contains("\(name) is \"\(value)\" in the environment; it must be"), "\(result.errors)")
    }

    @Test func theEnvironmentSuggestsTheStore() async throws {
        let aws = try await Renditions.run(["gallery", "g"], ["AWS_ENDPOINT_URL": "http://localhost:4566"])
        #expect(aws.errors.contains("needs an embedded store"), "\(aws.errors)")
        let named = try await Renditions.run(
            ["show", "x"], ["AWS_ENDPOINT_URL": "http://localhost:4566", "RENDITIONS_STORE": store])
        #expect(named.status == 66)
        #expect(named.errors.contains(folder.path("store")))
    }

    @Test(.enabled(if: Allowed.mounting, "it takes the right to mount a small disk"))
    func aFullDiskIsSaidAndNothingIsLost() async throws {
        let disk = try #require(try await SmallDisk(in: folder, megabytes: 24))
        let store = "local:\(disk.path)/store"
        let first = try await Renditions.run([
            "import", sample("DSC_0001.JPG"), "--gallery", "g", "--json", "--store", store,
        ])
        #expect(first.status == 0, "\(first.errors)")
        try disk.fill(leaving: 600_000)
        let second = try await Renditions.run(["import", sample("DSC_0002.JPG"), "--gallery", "g", "--store", store])
        #expect(second.status == 74)
        #expect(second.errors.contains("The disk is full"), "\(second.errors)")
        #expect(second.errors.split(separator: "\n").count == 1)

        // The worker waits for room, burns no attempt, and resumes by itself.
        let worker = try Renditions.start(["worker", "--drain", "--json", "--store", store])
        while !worker.errors.contains("The disk is full"), worker.isRunning {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(worker.isRunning)
        disk.empty()
        let result = try await worker.wait()
        #expect(result.status == 0)
        let reports = try Renditions.reports(result.output)
        #expect(reports.last?["outcome"] as? String == "done")
        #expect(reports.allSatisfy { $0["attempt"] as? Int == 1 }, "an outage counts no attempt")
        let left = try FileManager.default.subpathsOfDirectory(atPath: "\(disk.path)/store")
        #expect(left.count { $0.hasSuffix(".jpg") || $0.hasSuffix(".JPG") } == 5)
    }

    @Test func outputThatGoesNowhereIsAnErrorAndNoCrash() async throws {
        let result = try await Command.run(
            "sh",
            [
                "-c",
                "exec \(Renditions.path) import '\(sample("tiny.jpg"))' --gallery g --json --store \(store) > /dev/full",
            ])
        #expect(result.status == 74)
        #expect(result.errors.contains("output could not be written"), "\(result.errors)")
    }

    @Test func helpIsWorthReading() async throws {
        let help = try await Renditions.run(["--help"])
        #expect(help.status == 0)
        for word in ["import", "worker", "render", "show", "gallery", "settings", "--drain"] {
            #expect(help.output.contains(word))
        }
    }

    @Test func theReadmesTableIsTheListOfSettings() async throws {
        let table = try await Renditions.run(["settings", "--markdown"]).output
        let readme = String(
            decoding: FileManager.default.contents(atPath: "\(Corpus.root)/README.md") ?? Data(), as: UTF8.self)
        #expect(readme.contains(table.trimmingCharacters(in: .newlines)), "paste `renditions settings --markdown`")
    }

    @Test func theReadmeKnowsEachFlagOfASetting() throws {
        let readme = try String(contentsOfFile: "\(Corpus.root)/README.md", encoding: .utf8)
        let line = try #require(readme.split(separator: "\n").first { $0.hasPrefix("1. a flag") })
        #expect(Set(line.matches(of: /--[a-z]+/).map { String($0.output) }) == Set(Setting.all.compactMap(\.flag)))
    }
}

/// A file system with little room, mounted for one test.
final class SmallDisk {
    let path: String

    /// - Returns: nil where mounting isn't allowed.
    init?(in folder: TestFolder, megabytes: Int) async throws {
        path = folder.path("disk")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let mount = try await Command.run("mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", path])
        guard mount.status == 0 else { return nil }
    }

    deinit { _ = try? Process.run(URL(fileURLWithPath: "/usr/bin/umount"), arguments: ["-l", path]).waitUntilExit() }

    /// Takes all room but so many bytes.
    func fill(leaving bytes: Int) throws {
        let free = try FileManager.default.attributesOfFileSystem(forPath: path)[.systemFreeSize] as? Int ?? 0
        try Data(count: max(0, free - bytes)).write(to: URL(fileURLWithPath: "\(path)/filler"))
    }

    func empty() { try? FileManager.default.removeItem(atPath: "\(path)/filler") }
}
