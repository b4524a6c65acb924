import RenditionCore
import RenditionTestKit
import Testing

/// What an operator does about photos that failed.
@Suite("Failed photos", .timeLimit(.minutes(5)))
struct FailedTests {
    private let folder = TestFolder()

    private func failed(_ arguments: [String], _ environment: [String: String]) async throws -> Command.Result {
        try await Renditions.run(["failed"] + arguments, environment)
    }

    /// A store in which one photo is done and two have failed, damaged and of no known format.
    private func goThrough(_ environment: [String: String], _ ids: [String: String]) async throws {
        let (broken, text) = (try #require(ids["broken.jpg"]), try #require(ids["text.jpg"]))
        let worker = try await Renditions.run(["worker", "--drain"], environment)
        #expect([0, 1].contains(worker.status), "\(worker.errors.suffix(1000))")

        let list = try await failed([], environment).output
        #expect(list.contains("\(broken)  broken.jpg   gallery wedding"), "\(list)")
        #expect(list.contains("damaged at render: This JPEG file is damaged or incomplete."), "\(list)")
        #expect(list.contains("1 attempt, the last by "), "\(list)")
        #expect(list.contains("s3://") && list.contains("/wedding/\(broken)_broken.jpg"), "\(list)")
        let reports = try Renditions.reports(try await failed(["list", "--json"], environment).output)
        let letters = reports.compactMap { $0["letter"] as? [String: Any] }
        #expect(letters.count == 2, "\(reports)")
        let code = try #require(
            letters.compactMap { $0["error"] as? [String: Any] }.compactMap { $0["code"] as? String }
                .first { $0 != "damaged" })
        #expect(try await failed(["--code", code], environment).output.contains("text.jpg"))
        #expect(try await !failed(["--code", code], environment).output.contains("broken.jpg"))
        #expect(try await failed(["--gallery", "other"], environment).output == "Nothing has failed.\n")
        #expect(try await failed(["--limit", "1"], environment).output.contains("There are more"))
        #expect(try await failed(["show", broken], environment).output.contains("status     failed"))

        let nobody = try await failed(["retry", "nobody", broken], environment)
        #expect(nobody.status == 1)
        #expect(nobody.errors.contains("nobody is no failed photo"), "\(nobody.errors)")
        #expect(nobody.output == "1 photo queued again.\n")
        #expect(try await !failed([], environment).output.contains("broken.jpg"))
        _ = try await Renditions.run(["worker", "--drain"], environment)
        #expect(try await failed([], environment).output.contains("broken.jpg"))

        #expect(try await failed(["drop", text], environment).output == "1 photo let go.\n")
        #expect(try await !failed([], environment).output.contains("text.jpg"))
        #expect(try await failed(["retry"], environment).status == 64)
        #expect(try await failed(["drop", "--all"], environment).output == "1 photo let go.\n")
        #expect(try await failed([], environment).output == "Nothing has failed.\n")
    }

    @Test func inAnEmbeddedStore() async throws {
        let store = "local:\(folder.path("store"))"
        let text = try folder.write("text.jpg", Array("no photo at all".utf8))
        let samples = ["tiny.jpg", "broken.jpg"].map { "\(Corpus.samples.folder)/\($0)" }
        let ids = try await Renditions.importing(samples + [text], store)
        try await goThrough(["RENDITIONS_STORE": store], ids)
    }

    @Test func onS3AndDynamoDB() async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        _ = try await Renditions.run(["setup"], platform.environment)
        var ids: [String: String] = [:]
        for (name, bytes) in [
            ("tiny.jpg", Corpus.samples.bytes("tiny.jpg")), ("broken.jpg", Corpus.samples.bytes("broken.jpg")),
            ("text.jpg", Array("no photo at all".utf8)),
        ] { ids[name] = try await platform.upload(bytes, as: name, gallery: "wedding") }
        try await goThrough(platform.environment, ids)
    }
}
