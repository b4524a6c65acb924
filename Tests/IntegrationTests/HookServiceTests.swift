import Foundation
import RenditionCore
import RenditionTestKit
import Testing

/// The upload hook where it runs on: over HTTP, in Lambda, behind Flask; and where it renders at once.
@Suite("The upload hook as a service", .timeLimit(.minutes(5)))
struct HookServiceTests {
    private let folder = TestFolder()
    private let python = "\(Corpus.root)/.build-emulators/venv/bin/python"

    private func platform() async throws -> AWSPlatform {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        let setup = try await Renditions.run(["setup"], platform.environment)
        try #require(setup.status == 0, "\(setup.errors)")
        return platform
    }

    private func event(_ key: String, _ platform: AWSPlatform) -> String {
        let entity = #""s3":{"bucket":{"name":"\#(platform.buckets.photos)"},"object":{"key":"\#(key)"}}"#
        return #"{"Records":[{"eventName":"ObjectCreated:Put",\#(entity)}]}"#
    }

    private func uploads(_ body: String) throws -> [[String: Any]] {
        let object = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
        return object?["uploads"] as? [[String: Any]] ?? []
    }

    // MARK: At once

    @Test func atOnceInAnEmbeddedStore() async throws {
        let store = "local:\(folder.path("store"))"
        let samples = ["tiny.jpg", "broken.jpg"].map { "\(Corpus.samples.folder)/\($0)" }
        let ids = try await Renditions.importing(samples, gallery: "g", store)
        try await atOnce(["RENDITIONS_STORE": store], try #require(ids["tiny.jpg"]), try #require(ids["broken.jpg"]))
    }

    @Test func atOnceOnS3AndDynamoDB() async throws {
        let platform = try await platform()
        let good = try await platform.upload(Corpus.samples.bytes("tiny.jpg"), as: "tiny.jpg")
        let broken = try await platform.upload(Corpus.samples.bytes("broken.jpg"), as: "broken.jpg")
        try await atOnce(platform.environment, good, broken)
    }

    private func atOnce(_ settings: [String: String], _ good: String, _ broken: String) async throws {
        let result = try await Renditions.run(["hook", "--now", "--json", good, broken, "--wait", "0"], settings)
        #expect(result.status == 1, "\(result.errors)")
        let answers = try Renditions.reports(result.output)
        #expect(answers.map { $0["outcome"] as? String } == ["rendered", "failed"])
        let urls = answers.first?["urls"] as? [String: String] ?? [:]
        #expect(Set(urls.keys) == ["thumbnail_url", "small_url", "medium_url", "large_url"])
        #expect(urls["large_url"]?.contains("_large.jpg?v=") == true, "\(urls)")
        #expect((answers.last?["error"] as? [String: Any])?["code"] as? String == "damaged")
        // Once more: nothing is rendered, the answer is the same.
        let again = try await Renditions.run(["hook", "--now", "--json", good], settings)
        #expect(again.status == 0)
        #expect((try Renditions.reports(again.output).first?["urls"] as? [String: String]) == urls)
    }

    // MARK: HTTP

    @Test func anEventOverHTTPQueuesOnceAndWaitsForItsRecord() async throws {
        let platform = try await platform()
        let page = try await WorkerPage(["hook", "--http", "127.0.0.1:0"], platform.environment)
        defer { page.process.signal(SIGKILL) }
        let id = UUID().uuidString.lowercased()
        let told = event("g/\(id)_a+b%20c.jpg", platform)
        async let early = page.post("/hooks/s3?wait=60", told)
        try await Task.sleep(for: .milliseconds(300))
        try await platform.upload(Corpus.samples.bytes("tiny.jpg"), as: "a b c.jpg", id: id)
        let first = try await early
        #expect(first.status == "200", "\(first.body)")
        #expect(try uploads(first.body).map { $0["outcome"] as? String } == ["queued"])
        let second = try await page.post("/hooks/s3", told)
        #expect(try uploads(second.body).map { $0["outcome"] as? String } == ["already_queued"])
        // Ids, a line each and as JSON.
        for body in [id, "[\"\(id)\"]"] {
            #expect(try uploads(try await page.post("/hooks/s3", body).body).count == 1)
        }
        // Whoever sends it is asked to try again where the record may come yet.
        #expect(try await page.post("/hooks/s3?wait=0", event("g/none.jpg", platform)).status == "503")
        for (body, status) in [("no event at all", "400"), ("{}", "400"), ("[1]", "400")] {
            #expect(try await page.post("/hooks/s3", body).status == status, "\(body)")
        }
        let large = try folder.write("large", [UInt8](repeating: 0x20, count: 7 << 20))
        #expect(try await page.ask("/hooks/s3", ["-X", "POST", "--data-binary", "@\(large)"]).status == "413")
        #expect(try await page.stop().status == 0)
        let worker = try await Renditions.run(["worker", "--drain", "--json"], platform.environment)
        #expect(try Renditions.reports(worker.output).count == 1)
    }

    @Test func overHTTPAtOnceAnswersWithURLs() async throws {
        let store = "local:\(folder.path("store"))"
        let ids = try await Renditions.importing(["\(Corpus.samples.folder)/DSC_0001.JPG"], gallery: "g", store)
        let id = try #require(ids["DSC_0001.JPG"])
        let page = try await WorkerPage(["hook", "--now", "--http", "127.0.0.1:0"], ["RENDITIONS_STORE": store])
        defer { page.process.signal(SIGKILL) }
        // Told twice at once, it is rendered once.
        async let one = page.post("/hooks/s3", id)
        async let two = page.post("/hooks/s3", id)
        for answer in try await [one, two] {
            #expect(try uploads(answer.body).first?["outcome"] as? String == "rendered", "\(answer.body)")
            #expect(answer.body.contains("_large.jpg?v="), "\(answer.body)")
        }
        let renders = page.process.errors.split(separator: "\n").filter { $0.contains("Rendered, in") }
        #expect(renders.count == 1, "\(renders)")
        #expect(try await page.stop().status == 0)
    }

    // MARK: Lambda

    @Test func lambdaStartsItAsACustomRuntime() async throws {
        let platform = try await platform()
        let id = try await platform.upload(Corpus.samples.bytes("tiny.jpg"), as: "Été.jpg")
        let key = PublicURLs.encoded(try #require(try await platform.record(id)?.s3Key))
        let told = try folder.write("told.json", Array(event(key, platform).utf8))
        let early = try folder.write("early.json", Array(event("g/none.jpg", platform).utf8))
        let garbage = try folder.write("garbage.json", Array("{}".utf8))
        var variables = platform.environment
        variables["RENDITIONS_FEED"] = "none"
        let list = try folder.write("variables.json", [UInt8](try JSONEncoder().encode(variables)))
        let script = "\(Corpus.root)/Tests/IntegrationTests/lambda_function.py"
        let events = [told, told, garbage, early].joined(separator: " ")
        let result = try await Command.run(
            "sh", ["-c", "exec '\(python)' '\(script)' '\(Renditions.path)' \(events) < '\(list)'"],
            environment: platform.environment)
        try #require(result.status == 0, "\(result.errors)")
        let answers = try Renditions.reports(result.output)
        let payloads = answers.compactMap { $0["payload"] as? [String: Any] }
        let outcomes = payloads.map { ($0["uploads"] as? [[String: Any]])?.first?["outcome"] as? String }
        #expect(outcomes.prefix(2) == ["queued", "already_queued"], "\(result.output)")
        #expect(payloads[2]["errorType"] as? String == "Unreadable", "\(result.output)")
        // Lambda delivers it again.
        #expect(answers[3]["error"] is String, "\(result.output)")
        #expect((payloads[3]["errorMessage"] as? String)?.contains("g/none.jpg") == true, "\(result.output)")
        _ = try await Renditions.run(["worker", "--drain"], variables)
        #expect(try await platform.record(id)?.status == "active")
    }

    // MARK: Flask

    /// The sample, as the platform's backend would run it.
    @Test func theSampleForFlaskTellsTheWorker() async throws {
        let platform = try await platform()
        let settings = platform.environment.merging([
            "RENDITIONS_FEED": "none", "RENDITIONS_HTTP_SECRET": "s3cret",
        ]) { $1 }
        let worker = try await WorkerPage(["worker"], settings)
        defer { worker.process.signal(SIGKILL) }
        let port = try FreePort.choose(1)[0]
        let flask = try Command(
            python, ["-m", "flask", "--app", "\(Corpus.root)/samples/flask_hook.py", "run", "--port", "\(port)"],
            environment: [
                "RENDITIONS_HOOK_URL": "\(worker.url)/hooks/s3", "RENDITIONS_HTTP_SECRET": "s3cret",
                "PYTHONDONTWRITEBYTECODE": "1",
            ])
        defer { flask.signal(SIGKILL) }
        let id = try await platform.upload(Corpus.samples.bytes("tiny.jpg"), as: "tiny.jpg")
        let trace = "0af7651916cd43dd8448eb211c80319c"
        func confirm() async throws -> String {
            try await Command.run(
                "curl",
                [
                    "-s", "-X", "POST", "http://127.0.0.1:\(port)/photos/\(id)/confirm", "-H",
                    "traceparent: 00-\(trace)-b7ad6b7169203331-01",
                ]
            ).output
        }
        try await eventually("Flask answers") { try await confirm().contains("processing") }
        try await eventually("the photo is rendered") { try await platform.record(id)?.status == "active" }
        // One trace from the browser's request to the rendition's line in the log.
        try await eventually("the log names the trace") {
            worker.process.errors.split(separator: "\n").contains { $0.contains("Rendered, in") && $0.contains(trace) }
        }
        // A worker that is gone costs the photographer nothing.
        _ = try await worker.stop()
        #expect(try await confirm().contains("processing"))
        #expect(flask.errors.contains("will be found by the next poll"), "\(flask.errors)")
    }
}
