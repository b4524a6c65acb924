import Foundation
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

@testable import renditions

/// One trace from whoever tells of an upload to the rendition.
@Suite("Traces", .timeLimit(.minutes(5)))
struct TraceTests {
    private let folder = TestFolder()
    private let trace = "0af7651916cd43dd8448eb211c80319c"
    private let parent = "b7ad6b7169203331"

    private func collector() async throws -> (Command, String) {
        let port = try FreePort.choose(1)[0]
        let collector = try Command(
            "\(Corpus.root)/.build-emulators/venv/bin/python",
            ["\(Corpus.root)/Tests/IntegrationTests/otlp_collector.py", "\(port)"])
        try await eventually("the collector listens") { collector.output.contains("ready") }
        return (collector, "http://127.0.0.1:\(port)")
    }

    private func spans(_ collector: Command) throws -> [[String: Any]] {
        try Renditions.reports(String(collector.output.dropFirst("ready\n".count)))
    }

    @Test func aHooksTraceGoesOnInTheWorker() async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        _ = try await Renditions.run(["setup"], platform.environment)
        let id = try await platform.upload(Corpus.samples.bytes("tiny.jpg"), as: "tiny.jpg")
        let (collector, endpoint) = try await collector()
        defer { collector.signal(SIGKILL) }
        let settings = platform.environment.merging(["OTEL_EXPORTER_OTLP_ENDPOINT": endpoint]) { $1 }
        let hook = try await Renditions.run(["hook", id, "--trace", "00-\(trace)-\(parent)-01"], settings)
        #expect(hook.status == 0, "\(hook.errors)")
        let worker = try await Renditions.run(["worker", "--drain"], settings)
        #expect(worker.status == 0, "\(worker.errors)")

        let spans = try spans(collector)
        #expect(!spans.isEmpty)
        #expect(
            spans.allSatisfy { $0["trace"] as? String == trace && $0["path"] as? String == "/v1/traces" }, "\(spans)")
        func span(_ name: String) throws -> [String: Any] {
            try #require(spans.first { $0["name"] as? String == name }, "\(spans.compactMap { $0["name"] })")
        }
        let (told, photo) = (try span("hook"), try span("photo"))
        #expect(told["parent"] as? String == parent)
        #expect(photo["parent"] as? String == told["span"] as? String)
        #expect((photo["attributes"] as? [String: Any])?["photo.id"] as? String == id)
        for stage in ["fetch", "probe", "render", "publish", "commit"] {
            #expect(try span(stage)["parent"] as? String == photo["span"] as? String, "\(stage)")
        }
        // The store's requests are clients' spans; OpenTelemetry's number for that is 3.
        #expect(try span("S3 PutObject")["kind"] as? Int == 3)
        #expect(spans.allSatisfy { ($0["lasted"] as? Int ?? -1) >= 0 })

        let key = ObjectKeys.rendition(
            galleryID: "g", originalKey: try #require(try await platform.record(id)?.s3Key), size: .small)
        let stored = try await S3Objects(s3: platform.s3, names: platform.buckets).head(.renditions, key: key)
        #expect(stored?.metadata["traceparent"]?.contains(trace) == true)
    }

    @Test func aFailureIsInItsTrace() async throws {
        let store = "local:\(folder.path("store"))"
        _ = try await Renditions.importing(["\(Corpus.samples.folder)/broken.jpg"], store)
        let (collector, endpoint) = try await collector()
        defer { collector.signal(SIGKILL) }
        _ = try await Renditions.run(
            ["worker", "--drain"], ["RENDITIONS_STORE": store, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint])
        let failed = try spans(collector).filter { $0["error"] as? Bool == true }
        #expect(Set(failed.compactMap { $0["name"] as? String }) == ["photo", "render"], "\(failed)")
        #expect(failed.contains { $0["events"] as? [String] == ["exception"] })
    }

    @Test func whatNobodyCollectsCostsNoPhoto() async throws {
        let store = "local:\(folder.path("store"))"
        let ids = try await Renditions.importing(["\(Corpus.samples.folder)/tiny.jpg"], store)
        let id = try #require(ids["tiny.jpg"])
        let worker = try await Renditions.run(
            ["worker", "--drain"],
            ["RENDITIONS_STORE": store, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"])
        #expect(worker.status == 0)
        #expect(worker.errors.components(separatedBy: "Traces don't reach").count == 2, "\(worker.errors)")
        #expect(try await Renditions.show(id, store).status == "active")
        // Who began the trace doesn't want it kept.
        let (collector, endpoint) = try await collector()
        defer { collector.signal(SIGKILL) }
        let settings = ["RENDITIONS_STORE": store, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint]
        _ = try await Renditions.run(["hook", id, "--trace", "00-\(trace)-\(parent)-00"], settings)
        let again = try await Renditions.run(["worker", "--drain"], settings)
        #expect(again.errors.contains(trace), "the log tells it all the same: \(again.errors)")
        #expect(try spans(collector).isEmpty)
    }

    @Test(arguments: [
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
        // A later version may say more behind.
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes",
    ]) func headersThatAreTaken(_ header: String) throws {
        let context = try #require(TraceContext(header: header))
        #expect(context.traceID == trace)
        #expect(context.spanID == parent)
        #expect(context.isSampled == header.contains("3331-01"))
    }

    @Test(arguments: [
        "", "00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-zz",
    ]) func headersThatAreIgnored(_ header: String) { #expect(TraceContext(header: header) == nil) }
}
