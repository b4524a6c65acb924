import Foundation
import RenditionAWS
import RenditionTestKit
import Synchronization
import Testing

@testable import renditions

/// What a worker writes to its log.
@Suite("The log", .timeLimit(.minutes(5)))
struct LogTests {
    private let folder = TestFolder()

    private func lines(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").map { line in
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8))
            return try #require(object as? [String: Any], "no JSON: \(line)")
        }
    }

    /// Also what the store's own parts say while they are at a photo.
    @Test func everyLineOfAPhotoCarriesItsIdAndAttempt() async throws {
        let stage = try await Stage()
        let proxy = try await stage.proxy()
        let id = try await stage.upload("tiny.jpg")
        let galleries = stage.platform.tables.galleries
        // The first attempt's record is refused in a way that is no outage.
        let isFirst = Mutex(true)
        proxy.onRequest { seen in
            // What changes the gallery's cover tells no attempt by itself.
            if seen.body.contains(galleries) {
                return .answer(status: 400, body: #"{"__type":"AccessDeniedException","message":"no"}"#)
            }
            guard seen.name == "S3.PUT" else { return .pass }
            return isFirst.withLock { first in
                defer { first = false }
                return first
            }
                ? .answer(status: 400, headers: [:], body: "<Error><Code>BadDigest</Code></Error>") : .pass
        }
        let worker = try stage.worker(
            ["--drain"], through: proxy, ["RENDITIONS_LOG_LEVEL": "debug", "RENDITIONS_RETRY_MS": "1"])
        let result = try await worker.wait()
        let lines = try lines(result.errors)
        #expect(lines.allSatisfy { $0["time"] is String && $0["level"] is String && $0["message"] is String })
        let told = lines.filter { $0["photo"] as? String == id }
        let attempts = Set(told.compactMap { $0["attempt"] as? Int })
        #expect(attempts.contains(1), "\(result.errors)")
        #expect(told.allSatisfy { $0["attempt"] is Int && $0["trace"] is String }, "\(told)")
        #expect(told.contains { ($0["message"] as? String)?.contains("cover") == true }, "\(result.errors)")
        // A line that speaks of a photo names it.
        let speaking = lines.filter { ($0["message"] as? String)?.contains(/Rendered|tried again|Failed/) == true }
        #expect(!speaking.isEmpty)
        #expect(speaking.allSatisfy { $0["photo"] as? String == id }, "\(speaking)")
        #expect(!result.errors.contains(stage.platform.emulator.secretAccessKey))
        #expect(!result.errors.contains("X-Amz-Signature"))
    }

    @Test func peopleGetSentencesAndProgramsJSON() async throws {
        let store = "local:\(folder.path("store"))"
        _ = try await Renditions.importing(["\(Corpus.samples.folder)/tiny.jpg"], store)
        let human = try await Renditions.run(
            ["worker", "--drain"], ["RENDITIONS_STORE": store, "RENDITIONS_LOG_FORMAT": "human"])
        let line = #/T[0-9:.]+Z info: Rendered, in [0-9]+ ms\.  photo=[^ ]+ attempt=1 /#
        #expect(human.errors.contains(line), "\(human.errors)")
        // A terminal is for people, without being told.
        let shell = "\(Renditions.path) worker --drain --store \(store)"
        let terminal = try await Command.run("script", ["-qec", shell, "/dev/null"])
        #expect(terminal.output.contains("info: Worker "), "\(terminal.output)")
        let piped = try await Renditions.run(["worker", "--drain"], ["RENDITIONS_STORE": store])
        #expect(try !lines(piped.errors).isEmpty)
    }

    /// Whoever reads a signature could use it.
    @Test func signaturesAreStruckOut() {
        let url =
            "GET https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIA%2F1&X-Amz-Signature=ab12&x-amz-security-token=T"
        #expect(
            LineLogHandler.discreet("\(url) failed")
                == "GET https://b.s3.amazonaws.com/k?X-Amz-Credential=…&X-Amz-Signature=…&x-amz-security-token=… failed"
        )
        #expect(LineLogHandler.discreet("nothing to hide") == "nothing to hide")
    }
}
