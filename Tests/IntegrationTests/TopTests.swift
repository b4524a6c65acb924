import Foundation
import RenditionTestKit
import Testing

/// The same picture in a terminal.
@Suite("top", .timeLimit(.minutes(5)))
struct TopTests {
    private let folder = TestFolder()

    /// One is done, one has failed and one waits.
    private func look(_ settings: [String: String], _ broken: String) async throws {
        let alone = try await Renditions.run(["top", "--once"], settings)
        #expect(alone.status == 0, "\(alone.errors)")
        #expect(alone.output.contains("waiting    1   expedite 0   fresh 1   batch 0"), "\(alone.output)")
        #expect(alone.output.contains("broken.jpg   damaged: This JPEG file is damaged"), "\(alone.output)")
        #expect(alone.output.contains("renditions failed retry \(broken)"), "\(alone.output)")
        #expect(!alone.output.contains("\u{1B}"))

        let page = try await WorkerPage(["worker"], settings)
        defer { page.process.signal(SIGKILL) }
        try await eventually("the worker's own figures are there") {
            let worker = try await Renditions.run(["top", page.url, "--once"], settings)
            return worker.output.contains("done 1 ") && worker.output.contains("(this one)")
                && worker.output.contains("waiting    0 ")
        }
    }

    @Test func inAnEmbeddedStore() async throws {
        let settings = ["RENDITIONS_STORE": "local:\(folder.path("store"))"]
        let store = try #require(settings["RENDITIONS_STORE"])
        let broken = try await Renditions.importing(["\(Corpus.samples.folder)/broken.jpg"], store)
        _ = try await Renditions.run(["worker", "--drain"], settings)
        _ = try await Renditions.importing(["\(Corpus.samples.folder)/tiny.jpg"], store)
        try await look(settings, try #require(broken["broken.jpg"]))
    }

    @Test func onS3AndDynamoDB() async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        _ = try await Renditions.run(["setup"], platform.environment)
        let broken = try await platform.upload(Corpus.samples.bytes("broken.jpg"), as: "broken.jpg")
        _ = try await Renditions.run(["worker", "--drain"], platform.environment)
        let waiting = try await platform.upload(Corpus.samples.bytes("tiny.jpg"), as: "tiny.jpg")
        _ = try await Renditions.run(["hook", waiting], platform.environment)
        try await look(platform.environment, broken)
    }

    /// On a terminal each picture is drawn over the one before, as wide as the terminal.
    @Test func onATerminal() async throws {
        let store = "local:\(folder.path("store"))"
        _ = try await Renditions.importing(["\(Corpus.samples.folder)/tiny.jpg"], store)
        let shell = "stty cols 60 rows 12; timeout -s INT 3 \(Renditions.path) top --every 1 --store \(store)"
        let terminal = try await Command.run("script", ["-qec", shell, "/dev/null"], environment: ["TERM": "xterm"])
        let pictures = terminal.output.components(separatedBy: "\u{1B}[H").dropFirst()
        #expect(pictures.count >= 2, "\(terminal.output)")
        for picture in pictures {
            let lines = picture.replacing("\u{1B}[K", with: "").replacing("\u{1B}[J", with: "").split(separator: "\r\n")
            #expect(lines.allSatisfy { $0.count <= 60 } && lines.count <= 12, "\(lines)")
        }
    }

    @Test func nobodyThere() async throws {
        let nobody = try await Renditions.run(["top", "http://127.0.0.1:1", "--once"])
        #expect(nobody.status == 74)
        #expect(nobody.errors.contains("No worker's status page answers on http://127.0.0.1:1"), "\(nobody.errors)")
        #expect(try await Renditions.run(["top", "nonsense"]).status == 64)
    }
}
