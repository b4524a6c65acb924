import Foundation
import RenditionTestKit
import Testing

/// What a container's health check runs.
@Suite("health", .timeLimit(.minutes(5)))
struct HealthTests {
    private let folder = TestFolder()
    private var store: String { "local:\(folder.path("store"))" }

    @Test func aRunningWorkerIsWell() async throws {
        let page = try await WorkerPage(["worker"], ["RENDITIONS_STORE": store])
        defer { page.process.signal(SIGKILL) }
        let named = try await Renditions.run(["health", page.url])
        #expect(named.status == 0, "\(named.errors)")
        #expect(named.output == "\(page.url)/health answered 200: ok\n")
        // As in a container, where the worker listens on all addresses.
        let port = try #require(page.url.split(separator: ":").last)
        let found = try await Renditions.run(["health", "--ready"], ["RENDITIONS_HTTP": "0.0.0.0:\(port)"])
        #expect(found.status == 0, "\(found.errors)")
        #expect(found.output == "http://127.0.0.1:\(port)/ready answered 200: ok\n")
    }

    @Test func aWorkerThatStopsIsWellAndNotReady() async throws {
        _ = try await Renditions.importing(["\(Corpus.samples.folder)/DSC_0001.JPG"], store)
        let page = try await WorkerPage(["worker"], ["RENDITIONS_STORE": store, "RENDITIONS_GRACE_SECONDS": "60"])
        defer { page.process.signal(SIGKILL) }
        let child = try await haltedRenderer(of: page.process.pid)
        defer { kill(child, SIGCONT) }
        page.process.signal(SIGTERM)
        try await eventually("the worker isn't ready any more") {
            let ready = try await Renditions.run(["health", "--ready", page.url])
            return ready.status == 1 && ready.errors.contains("/ready answered 503: The worker is stopping.")
        }
        #expect(try await Renditions.run(["health", page.url]).status == 0)
    }

    @Test func nobodyThere() async throws {
        let nobody = try await Renditions.run(["health", "http://127.0.0.1:1"])
        #expect(nobody.status == 1)
        #expect(nobody.errors.hasPrefix("renditions: http://127.0.0.1:1/health doesn't answer: "), "\(nobody.errors)")
        #expect(nobody.output.isEmpty)
    }

    /// Docker gives a check's exit code 2 a meaning of its own, so silence must be 1 as well.
    @Test func silenceIsNoHealth() async throws {
        // The kernel takes connections that nobody accepts.
        let script = """
            import socket, time
            server = socket.create_server(("127.0.0.1", 0))
            print(server.getsockname()[1], flush=True)
            time.sleep(600)
            """
        let silent = try Command("python3", ["-c", script])
        defer { silent.signal(SIGKILL) }
        try await eventually("it listens") { silent.output.hasSuffix("\n") }
        let port = try #require(Int(silent.output.dropLast()))
        let asked = try await Renditions.run(["health", "http://127.0.0.1:\(port)"])
        #expect(asked.status == 1)
        #expect(asked.errors.contains("doesn't answer"), "\(asked.errors)")
    }

    @Test func nobodyToAsk() async throws {
        let unset = try await Renditions.run(["health"])
        #expect(unset.status == 78)
        #expect(unset.errors.contains("RENDITIONS_HTTP names no port"), "\(unset.errors)")
        #expect(try await Renditions.run(["health", "nonsense"]).status == 64)
    }
}
