import Foundation
import Glibc
import RenditionCore
import RenditionIsolation
import RenditionTestKit
import RenditionVips
import Testing

/// Originals that harm what reads them, and what becomes of all others.
@Suite("Render processes", .timeLimit(.minutes(10)))
struct IsolationTests {
    private let folder = TestFolder()
    private var store: String { "local:\(folder.path("store"))" }

    /// A region without pixels, over which librsvg 2.54 ends the process that it runs in.
    private static let crashing = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200" width="400" height="400">
          <filter id="f"><feFlood x="10" y="10" width="0" height="0"/><feTile/></filter>
          <rect x="20" y="20" width="160" height="160" filter="url(#f)"/>
        </svg>
        """

    private func sample(_ name: String) -> String { "\(Corpus.samples.folder)/\(name)" }

    private func renderer(_ photos: Int = 500, memoryMark: Int = 512 << 20) throws -> IsolatedRenderer {
        IsolatedRenderer(
            films: try CascadeRenderer(),
            IsolatedRenderer.Configuration(program: Renditions.path, photos: photos, memoryMark: memoryMark))
    }

    private func isDone(_ id: String) async throws {
        try await eventually("\(id) is rendered", within: .seconds(180)) {
            try await Renditions.show(id, store).state == "done"
        }
    }

    @Test func oneCrashingPhotoAmongAThousandFailsAlone() async throws {
        for index in 0..<999 { try folder.write("photos/\(index).jpg", Corpus.samples.bytes("tiny.jpg")) }
        try folder.write("photos/crash.svg", Array(Self.crashing.utf8))
        let ids = try await Renditions.importing([folder.path("photos")], store)
        #expect(ids.count == 1000)
        let worker = try await Renditions.run(
            ["worker", "--drain", "--json", "--store", store], ["RENDITIONS_RETRY_MS": "1"])
        #expect(worker.status == 0, "\(worker.errors.suffix(2000))")
        let outcomes = try Renditions.reports(worker.output).compactMap { $0["outcome"] as? String }
        #expect(outcomes.count { $0 == "done" } == 999)
        #expect(outcomes.count { $0 == "failed" } == 1)
        #expect(outcomes.count { $0 == "retry" } == 1)

        let id = try #require(ids["crash.svg"])
        let story = try await Renditions.show(id, store)
        #expect(story.status == PhotoStatus.failed)
        #expect(story.state == "dead")
        #expect(story.text("rendition_error", "code") == "poison")
        #expect(story.text("rendition_error", "message")?.contains("SIG") == false)
        let reason = try await Renditions.run(["show", id, "--store", store]).output
        #expect(reason.contains("SIGABRT") || reason.contains("SIGTRAP"))
        #expect(reason.contains("\(Self.crashing.utf8.count) bytes of SVG"))
        #expect(reason.contains("original: wedding/\(id)_crash.svg"))
    }

    @Test func renditionsAreTheSameAsInOneProcess() async throws {
        for (name, flags) in [("apart", []), ("together", ["--in-process"])] {
            _ = try await Renditions.run(
                ["render", Corpus.samples.folder, "--out", folder.path(name)] + flags,
                ["RENDITIONS_FURTHER_FORMATS": "thumbnail:webp", "RENDITIONS_GAMUT": "p3"])
        }
        let files = folder.files(below: "together")
        #expect(files.count > 100)
        #expect(folder.files(below: "apart") == files)
        for file in files {
            let (apart, together) = (folder.path("apart/\(file)"), folder.path("together/\(file)"))
            #expect(FileManager.default.contentsEqual(atPath: apart, andPath: together), "\(file)")
        }
    }

    /// All that a renderer answers, beside the files, comes through too; and the logo goes there.
    @Test func nothingIsLostOnTheWay() throws {
        var instructions = RenderInstructions()
        instructions.watermark = Watermark(
            logo: Watermark.Logo(etag: "e", bytes: Corpus.samples.bytes("logo-alpha.png")), text: "© Léa")
        let original = Corpus.samples.bytes("IMG_2031.jpg")
        let (apart, together) = (try renderer(), try CascadeRenderer())
        let first = try apart.render(original, as: instructions, limits: RenderLimits())
        let second = try together.render(original, as: instructions, limits: RenderLimits())
        #expect(first.renditions.map(\.checksum) == second.renditions.map(\.checksum))
        #expect(first.renditions.map(\.bytes) == second.renditions.map(\.bytes))
        #expect(first.metadata == second.metadata)
        #expect(first.sketch == second.sketch)
        #expect(first.probe == second.probe)
        #expect(try apart.probe(original, limits: RenderLimits()) == second.probe)
        #expect(Set(first.times.durations.keys) == Set(second.times.durations.keys))
        #expect(throws: RenditionError.self) {
            try apart.render(Corpus.samples.bytes("broken.jpg"), as: instructions, limits: RenderLimits())
        }
        #expect(apart.started == 1)
    }

    @Test(arguments: [(1, 512 << 20, 3), (2, 512 << 20, 2), (500, 1, 3), (500, 512 << 20, 1)])
    func processesAreReplaced(photos: Int, memoryMark: Int, started: Int) throws {
        let renderer = try renderer(photos, memoryMark: memoryMark)
        for _ in 0..<3 {
            _ = try renderer.render(
                Corpus.samples.bytes("tiny.jpg"), as: RenderInstructions(), limits: RenderLimits())
        }
        #expect(renderer.started == started)
    }

    /// A decoder that doesn't come back, here one whose process is held.
    @Test func aProcessThatHangsIsEndedAndThePhotoTriedAgain() async throws {
        let ids = try await Renditions.importing([sample("tiny.jpg")], store)
        let worker = try Renditions.start(
            ["worker", "--json", "--store", store], ["RENDITIONS_RENDER_SECONDS": "1", "RENDITIONS_RETRY_MS": "1"])
        defer { worker.signal(SIGKILL) }
        let id = try #require(ids["tiny.jpg"])
        try await isDone(id)
        let held = try await childProcesses(of: worker.pid)
        #expect(!held.isEmpty)
        for child in held { kill(child, SIGSTOP) }
        let second = try #require(try await Renditions.importing([sample("grey.jpg")], store)["grey.jpg"])
        try await isDone(second)
        let reason = try await Renditions.run(["show", second, "--store", store]).output
        #expect(reason.contains("without an answer"))
    }

    /// A decoder that somebody has taken over may say anything; none of it ends the worker.
    @Test(arguments: ["1 << 62, 1 << 62, 0", "5, 1 << 40, 0", "0, 7, 0", "(1 << 63) - 1, 1, 1"])
    func aProcessThatLiesIsEnded(answer: String) throws {
        try folder.write(
            "liar",
            Array(
                """
                #!/usr/bin/env python3
                import os, socket, struct
                parent = socket.socket(fileno=3)
                say = lambda *words: parent.send(struct.pack("5q", 0x72656e640001, *words))
                say(1, 0, 0, 0)
                parent.recv(100)
                os.pwrite(5, b'{"an', 0)
                say(4, \(answer))
                parent.recv(100)
                """.utf8))
        chmod(folder.path("liar"), 0o755)
        let renderer = IsolatedRenderer(
            films: try CascadeRenderer(), IsolatedRenderer.Configuration(program: folder.path("liar")))
        let error = try #require(throws: RenditionError.self) {
            try renderer.render(
                Corpus.samples.bytes("tiny.jpg"), as: RenderInstructions(), limits: RenderLimits())
        }
        #expect(error.code == RenditionError.rendererDiedCode)
        #expect(error.detail?.contains("makes no sense") == true, "\(error.detail ?? "")")
    }

    @Test func aProcessThatDiesWhileIdleIsNoPhotosFault() async throws {
        let ids = try await Renditions.importing([sample("tiny.jpg")], store)
        let worker = try Renditions.start(["worker", "--json", "--store", store])
        defer { worker.signal(SIGKILL) }
        try await isDone(try #require(ids["tiny.jpg"]))
        let children = try await childProcesses(of: worker.pid)
        #expect(!children.isEmpty)
        for child in children { kill(child, SIGKILL) }
        let second = try #require(try await Renditions.importing([sample("grey.jpg")], store)["grey.jpg"])
        try await isDone(second)
        #expect(try await Renditions.show(second, store).history == ["queued", "claimed", "done"])
    }

    @Test func processesDoNotOutliveTheirWorker() async throws {
        let ids = try await Renditions.importing([sample("tiny.jpg")], store)
        let worker = try Renditions.start(["worker", "--store", store])
        let id = try #require(ids["tiny.jpg"])
        try await isDone(id)
        let children = try await childProcesses(of: worker.pid)
        #expect(!children.isEmpty)
        worker.signal(SIGKILL)
        try await eventually("no process is left") { children.allSatisfy { kill($0, 0) != 0 } }
    }

    @Test func aProcessKnowsNothingOfTheWorkersSecrets() async throws {
        let ids = try await Renditions.importing([sample("tiny.jpg")], store)
        let worker = try Renditions.start(
            ["worker", "--store", store],
            ["AWS_SECRET_ACCESS_KEY": "s3cret-of-the-worker", "RENDITIONS_RENDER_MEMORY_MB": "1000"])
        defer { worker.signal(SIGKILL) }
        let id = try #require(ids["tiny.jpg"])
        try await isDone(id)
        let child = try #require(try await childProcesses(of: worker.pid).first)
        let environment = FileManager.default.contents(atPath: "/proc/\(child)/environ") ?? Data()
        #expect(!environment.isEmpty)
        #expect(!String(decoding: environment, as: UTF8.self).contains("s3cret"))
        let limits = String(
            decoding: FileManager.default.contents(atPath: "/proc/\(child)/limits") ?? Data(), as: UTF8.self)
        #expect(
            limits.split(separator: "\n").contains { $0.hasPrefix("Max address space") && $0.contains("1048576000") })
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(child)/fd")
            .compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(child)/fd/\($0)") }
        #expect(open.allSatisfy { !$0.contains(folder.path("store")) && !$0.contains("sqlite") }, "\(open)")
        #expect(open.count { $0.hasPrefix("socket:") } == 1, "\(open)")
    }

    /// - Parameter filtered: Whether system calls are filtered too, or the other rules stand alone.
    @Test(arguments: [true, false])
    func theSandboxHolds(filtered: Bool) async throws {
        try folder.write("readable", [1])
        chmod(folder.path("readable"), 0o644)
        let open = folder.path("open")
        try FileManager.default.createDirectory(atPath: open, withIntermediateDirectories: true)
        chmod(open, 0o777)
        let probe = try await Command.run(
            "\(Corpus.root)/.build/debug/sandbox-probe", [folder.path("readable"), open] + (filtered ? [] : ["late"]))
        #expect(probe.status == 0)
        let lines = Dictionary(
            uniqueKeysWithValues: probe.output.split(separator: "\n").compactMap { line -> (String, String)? in
                let parts = line.split(separator: ": ", maxSplits: 1).map(String.init)
                return parts.count == 2 ? (parts[0], parts[1]) : nil
            })
        let works: Set<String> = ["read a font's folder", "make a thread"]
        let attempts = lines.filter { ["worked", "refused"].contains($0.value) }
        #expect(attempts.count == 18, "\(probe.output)")
        // What only the filter refuses.
        let byFilter: Set<String> = ["start a process", "make a local socket", "make a namespace"]
        for (attempt, outcome) in attempts where filtered || !byFilter.contains(attempt) {
            // A kernel without Landlock leaves files in reach, and says so.
            if lines["landlock"] == "0", attempt.contains("file") || attempt.contains("users") { continue }
            #expect((outcome == "worked") == works.contains(attempt), "\(attempt)")
        }
    }
}
