import Crypto
import Foundation
import RenditionCore
import RenditionTestKit
import Testing

/// What a worker says over HTTP to programs.
@Suite("The status server", .timeLimit(.minutes(5)))
struct StatusServerTests {
    private let folder = TestFolder()
    private var store: String { "local:\(folder.path("store"))" }

    /// Reads metrics with Prometheus' own parsers: lines of name, labels and value.
    private func parsed(_ text: String, openMetrics: Bool) async throws -> [String: Double] {
        let file = try folder.write("metrics-\(UUID().uuidString).txt", Array(text.utf8))
        let module = openMetrics ? "prometheus_client.openmetrics.parser" : "prometheus_client.parser"
        let script = """
            import sys
            from \(module) import text_string_to_metric_families as families
            for family in families(open(sys.argv[1]).read()):
                for sample in family.samples:
                    labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
                    print(f"{sample.name}|{labels}|{sample.value}")
            """
        let python = "\(Corpus.root)/.build-emulators/venv/bin/python"
        let result = try await Command.run(python, ["-c", script, file])
        try #require(result.status == 0, "\(result.errors)")
        var values: [String: Double] = [:]
        for line in result.output.split(separator: "\n") {
            let parts = line.split(separator: "|", omittingEmptySubsequences: false)
            values[parts[1].isEmpty ? "\(parts[0])" : "\(parts[0]){\(parts[1])}"] = Double(parts[2])
        }
        return values
    }

    @Test func metricsAreReadByPrometheus() async throws {
        let samples = ["tiny.jpg", "broken.jpg"].map { "\(Corpus.samples.folder)/\($0)" }
        _ = try await Renditions.importing(samples, store)
        let page = try await WorkerPage(["worker"], ["RENDITIONS_STORE": store])
        defer { page.process.signal(SIGKILL) }
        try await eventually("one is done and one has failed") {
            let (status, text) = try await page.ask("/metrics")
            guard status == "200" else { return false }
            let plain = try await parsed(text, openMetrics: false)
            return plain["renditions_photos_total{outcome=done}"] == 1 && plain["renditions_queue_dead"] == 1
        }
        let (_, text) = try await page.ask("/metrics", ["-H", "Accept: application/openmetrics-text;version=1.0.0"])
        let values = try await parsed(text, openMetrics: true)
        #expect(text.hasSuffix("# EOF\n"))
        #expect(values["renditions_photos_total{outcome=failed}"] == 1)
        #expect(values["renditions_failures_total{code=damaged}"] == 1)
        #expect(values["renditions_upload_to_visible_seconds_count"] == 1)
        #expect(values["renditions_upload_to_visible_seconds_bucket{le=+Inf}"] == 1)
        #expect(values["renditions_stage_seconds_count{stage=fetch}"] == 2)
        #expect(values["renditions_queue_waiting{lane=fresh}"] == 0)
        let tiny = Double(Corpus.samples.bytes("tiny.jpg").count)
        #expect(values["renditions_bytes_total{kind=original}"] == tiny)
        #expect((values["process_resident_memory_bytes"] ?? 0) > 1e6)
    }

    @Test func anOrchestratorIsToldWhenTheStoreIsUnable() async throws {
        let stage = try await Stage()
        let proxy = try await stage.proxy()
        var settings = stage.platform.environment
        settings["AWS_ENDPOINT_URL"] = proxy.endpoint
        let page = try await WorkerPage(["worker"], settings)
        defer { page.process.signal(SIGKILL) }
        try await eventually("the worker is ready") { try await page.ask("/ready").status == "200" }
        #expect(try await page.ask("/health").status == "200")
        await proxy.stop()
        try await eventually("the worker isn't ready", within: .seconds(120)) {
            try await page.ask("/ready").status == "503"
        }
        #expect(try await page.ask("/ready").body.contains("The store is unable"))
        // It lives all the same: nobody should restart it.
        #expect(try await page.ask("/health").status == "200")
        let status = try await page.status()
        #expect((status["worker"] as? [String: Any])?["state"] as? String == "paused")
        #expect(status["problem"] is String)
    }

    @Test func aWorkerThatIsStoppingIsNotReadyAndFinishesItsPhoto() async throws {
        let ids = try await Renditions.importing(["\(Corpus.samples.folder)/DSC_0001.JPG"], store)
        let page = try await WorkerPage(
            ["worker"], ["RENDITIONS_STORE": store, "RENDITIONS_GRACE_SECONDS": "60"])
        defer { page.process.signal(SIGKILL) }
        let child = try await haltedRenderer(of: page.process.pid)
        page.process.signal(SIGTERM)
        try await eventually("the worker isn't ready any more") {
            let ready = try await page.ask("/ready")
            return ready.status == "503" && ready.body.contains("stopping")
        }
        #expect(try await page.ask("/health").status == "200")
        kill(child, SIGCONT)
        #expect(try await page.process.wait().status == 0)
        #expect(try await Renditions.show(try #require(ids["DSC_0001.JPG"]), store).status == "active")
    }

    /// A worker knows of others what the queue tells.
    @Test func whatOthersHaveInHandIsShown() async throws {
        let file = try folder.write("first dance.jpg", Corpus.samples.bytes("DSC_0001.JPG"))
        let ids = try await Renditions.importing([file], store)
        let id = try #require(ids.values.first)
        let other = try Renditions.start(["worker"], ["RENDITIONS_STORE": store, "CHAOS_STOP_AT": "render"])
        defer { other.signal(SIGKILL) }
        try await eventually("the other has it") { try await Renditions.show(id, store).state == "leased" }
        let page = try await WorkerPage(["worker"], ["RENDITIONS_STORE": store])
        defer { page.process.signal(SIGKILL) }
        try await eventually("the other's photo is shown") {
            let workers = try await page.status()["workers"] as? [[String: Any]] ?? []
            let others = workers.filter { $0["isThis"] as? Bool == false }
            let photos = others.first?["photos"] as? [[String: Any]] ?? []
            return photos.first?["filename"] as? String == "first dance.jpg"
        }
    }

    @Test func aTakenPortIsNamedAndNothingIsLost() async throws {
        let first = try await WorkerPage(["worker"], ["RENDITIONS_STORE": store])
        defer { first.process.signal(SIGKILL) }
        let port = first.url.split(separator: ":").last.map(String.init) ?? ""
        let second = try await Renditions.run(["worker", "--http", port, "--store", store])
        #expect(second.status == 1)
        #expect(second.errors.contains("Port \(port) is taken"), "\(second.errors)")
        let wrong = try await Renditions.run(["worker", "--http", "nowhere", "--store", store])
        #expect(wrong.status == 78)
        #expect(wrong.errors.contains("\"nowhere\" in --http; it must be a host and a port"), "\(wrong.errors)")
    }

    /// What changes something is guarded.
    @Test func whoMayAskForWhat() async throws {
        let ids = try await Renditions.importing(["\(Corpus.samples.folder)/broken.jpg"], store)
        let id = try #require(ids["broken.jpg"])
        _ = try await Renditions.run(["worker", "--drain", "--store", store])
        let retry = "/photos/\(id)/retry"
        let open = try await WorkerPage(["worker"], ["RENDITIONS_STORE": store])
        defer { open.process.signal(SIGKILL) }
        #expect(try await open.post(retry, "", ["-H", "Origin: http://evil.example"]).status == "403")
        for host in ["evil.example", "127.evil.example", "127.0.0.1.evil.example"] {
            #expect(try await open.post(retry, "", ["-H", "Host: \(host)"]).status == "403", "\(host)")
        }
        #expect(try await open.ask(retry).status == "404", "GET changes nothing")
        #expect(try await Renditions.show(id, store).history.contains("redriven") == false)
        #expect(try await open.post("/photos/nobody/retry", "").status == "404")
        #expect(try await open.post(retry, "", ["-H", "Origin: \(open.url)"]).status == "200")
        #expect(try await Renditions.show(id, store).history.contains("redriven"))
        _ = try await open.stop()

        let shut = try await WorkerPage(
            ["worker"], ["RENDITIONS_STORE": store, "RENDITIONS_HTTP_SECRET": "s3cret"])
        defer { shut.process.signal(SIGKILL) }
        for headers in [[], ["-H", "Authorization: Bearer wrong"], ["-H", "Authorization: Bearer"]] {
            #expect(try await shut.post("/hooks/s3", id, headers).status == "401")
        }
        #expect(try await shut.post("/hooks/s3", id, ["-H", "Authorization: Bearer s3cret"]).status == "200")
        // HMAC-SHA-256 of "x" under the secret, and of something else.
        let wrong = "sha256=\(String(repeating: "0", count: 64))"
        #expect(try await shut.post("/hooks/s3", id, ["-H", "X-Hub-Signature-256: \(wrong)"]).status == "401")
        // A signature is of a body: it opens no other photo's retry.
        let empty = "sha256=\(HMACHex.of("", key: "s3cret"))"
        #expect(try await shut.post(retry, "", ["-H", "X-Hub-Signature-256: \(empty)"]).status == "401")
        let right = "sha256=\(HMACHex.of(id, key: "s3cret"))"
        #expect(try await shut.post("/hooks/s3", id, ["-H", "X-Hub-Signature-256: \(right)"]).status == "200")
        #expect(try await shut.ask("/status").status == "200")
        #expect(!shut.process.errors.contains("s3cret"))

        let reachable = try await WorkerPage(["hook", "--http", "0.0.0.0:0"], ["RENDITIONS_STORE": store])
        defer { reachable.process.signal(SIGKILL) }
        let refused = try await reachable.post("/hooks/s3", id)
        #expect(refused.status == "403")
        #expect(refused.body.contains("Set RENDITIONS_HTTP_SECRET"), "\(refused.body)")
    }
}

/// What a sender computes.
private enum HMACHex {
    static func of(_ body: String, key: String) -> String {
        HMAC<SHA256>.authenticationCode(for: Array(body.utf8), using: SymmetricKey(data: Array(key.utf8)))
            .map { String(format: "%02x", $0) }.joined()
    }
}
