import Foundation
import RenditionTestKit
import Synchronization
import Testing

@Suite("The fault proxy")
struct FaultProxyTests {
    /// A proxy before the shared emulator, a bucket of the test's own, and both ways to it.
    private struct Setting {
        let proxy: FaultProxy
        let direct: Curl
        let proxied: Curl
        let bucket = "/proxy-\(UUID().uuidString.lowercased())"

        init() async throws {
            let emulator = try await Emulator.shared()
            proxy = try await FaultProxy.start(upstream: emulator.endpoint, recording: true)
            direct = Curl(emulator)
            proxied = Curl(emulator, through: proxy)
            _ = try await direct.s3("PUT", bucket)
        }

        func key(_ name: String) -> String { "\(bucket)/\(name)" }
    }

    @Test func passesSignedRequestsAndCountsThem() async throws {
        let setting = try await Setting()
        let key = setting.key("a%20b.jpg")
        #expect(try await setting.proxied.put(key, "bytes") == .init(exit: 0, status: 200, body: ""))
        #expect(try await setting.proxied.s3("GET", key + "?x-id=GetObject").body == "bytes")
        let head = try await setting.proxied.s3("HEAD", key)
        #expect(head.exit == 0 && head.status == 200)
        #expect(head.body.lowercased().contains("content-length: 5"))
        #expect(try await setting.proxied.s3("GET", setting.key("none")).status == 404)
        #expect(try await setting.proxied.dynamoDB("ListTables", "{}").status == 200)
        #expect(setting.proxy.counts() == ["S3.PUT": 1, "S3.GET": 2, "S3.HEAD": 1, "DynamoDB.ListTables": 1])
        let seen = setting.proxy.requests
        #expect(seen.map(\.method) == ["PUT", "GET", "HEAD", "GET", "POST"])
        #expect(seen.map(\.connection) == [1, 2, 3, 4, 5])
        #expect(seen[1].path == key + "?x-id=GetObject")
        #expect(seen[4].target == "ListTables")
        setting.proxy.reset()
        #expect(setting.proxy.counts().isEmpty && setting.proxy.requests.isEmpty)
    }

    @Test func passesLargeBodiesWhole() async throws {
        let setting = try await Setting()
        let folder = TestFolder()
        let sent = folder.path("sent")
        // Enough for curl to ask before it sends the body.
        _ = try await Command.run("dd", ["if=/dev/urandom", "of=\(sent)", "bs=1M", "count=24"])
        #expect(try await setting.proxied.put(setting.key("large"), "@\(sent)").status == 200)
        let received = folder.path("received")
        #expect(try await setting.proxied.s3("GET", setting.key("large"), ["--output", received]).exit == 0)
        #expect(FileManager.default.contentsEqual(atPath: sent, andPath: received))
    }

    @Test func aDroppedReplyLeavesTheRequestDone() async throws {
        let setting = try await Setting()
        setting.proxy.onRequest { _ in .dropReply }
        #expect(try await setting.proxied.put(setting.key("k"), "bytes").exit == 52)
        #expect(try await setting.direct.s3("GET", setting.key("k")).body == "bytes")
    }

    @Test func aRefusedRequestIsNeverForwarded() async throws {
        let setting = try await Setting()
        setting.proxy.onRequest { $0.body == "bytes" ? .refuse : .pass }
        #expect(try await setting.proxied.put(setting.key("k"), "bytes").exit == 52)
        #expect(try await setting.proxied.s3("GET", setting.key("k")).status == 404)
    }

    @Test func answersItself() async throws {
        let setting = try await Setting()
        setting.proxy.onRequest { _ in .answer(status: 503, headers: ["Retry-After": "7"], body: "slow down") }
        let answer = try await setting.proxied.s3("GET", setting.key("k"), ["--include"])
        #expect(answer.status == 503)
        #expect(answer.body.contains("Retry-After: 7"))
        #expect(answer.body.hasSuffix("slow down"))
        let head = try await setting.proxied.s3("HEAD", setting.key("k"))
        #expect(head.exit == 0 && head.status == 503)
    }

    @Test func cutsAndCorruptsBodies() async throws {
        let setting = try await Setting()
        _ = try await setting.direct.put(setting.key("k"), "0123456789")
        setting.proxy.onRequest { _ in .cutBody(after: 4) }
        let cut = try await setting.proxied.s3("GET", setting.key("k"), ["--include"])
        #expect(cut.exit == 18)
        #expect(cut.body.lowercased().contains("content-length: 10"))
        #expect(cut.body.hasSuffix("\r\n\r\n0123"))
        setting.proxy.onRequest { _ in .corruptBody }
        #expect(
            try await setting.proxied.s3("GET", setting.key("k")) == .init(exit: 0, status: 200, body: "0123446789"))
    }

    @Test func delaysAndHolds() async throws {
        let setting = try await Setting()
        setting.proxy.onRequest { _ in .delay(.milliseconds(300)) }
        let start = ContinuousClock.now
        #expect(try await setting.proxied.put(setting.key("k"), "late").status == 200)
        #expect(ContinuousClock.now - start >= .milliseconds(300))

        // What a client sent before it gave up may still arrive.
        let (opening, open) = AsyncStream.makeStream(of: Void.self)
        setting.proxy.onRequest { _ in .hold { for await _ in opening { return } } }
        #expect(
            try await setting.proxied.s3("PUT", setting.key("k"), ["--data-binary", "later", "--max-time", "0.3"])
                .exit == 28)
        #expect(try await setting.direct.s3("GET", setting.key("k")).body == "late")
        open.yield()
        try await eventually { try await setting.direct.s3("GET", setting.key("k")).body == "later" }
    }

    @Test func aPauseHoldsWhatWaitsAndForgetsWhoLeft() async throws {
        let setting = try await Setting()
        setting.proxy.pause()
        let left = try await setting.proxied.s3(
            "PUT", setting.key("left"), ["--data-binary", "x", "--max-time", "0.3"])
        #expect(left.exit == 28)
        async let waiting = setting.proxied.put(setting.key("stayed"), "x")
        try await Task.sleep(for: .milliseconds(200))
        #expect(setting.proxy.counts().isEmpty)
        setting.proxy.resume()
        #expect(try await waiting.status == 200)
        #expect(setting.proxy.counts() == ["S3.PUT": 1])
        #expect(try await setting.direct.s3("GET", setting.key("left")).status == 404)
    }

    @Test func closesWhereTheUpstreamIsGoneAndWhenItIsStopped() async throws {
        let proxy = try await FaultProxy.start(upstream: "127.0.0.1:\(try FreePort.choose(1)[0])")
        let curl = Curl(proxy.endpoint, "id", "secret")
        #expect(try await curl.s3("GET", "/b/k").exit == 52)
        await proxy.stop()
        #expect(try await curl.s3("GET", "/b/k").exit == 7)
    }

    @Test func keepsAConnectionForAClientThatDoes() async throws {
        let setting = try await Setting()
        let asked = Mutex(0)
        setting.proxy.onRequest { _ in
            asked.withLock { $0 += 1 }
            return .pass
        }
        let health = "\(setting.proxy.endpoint)/_localstack/health"
        #expect(try await Command.run("curl", ["--silent", "--fail", health, health]).status == 0)
        #expect(asked.withLock { $0 } == 2)
        #expect(setting.proxy.requests.map(\.connection) == [1, 1])
        #expect(Set(setting.proxy.requests.map(\.port)).count == 1)
    }

    private func eventually(_ isTrue: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < deadline {
            if try await isTrue() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("it never came to pass")
    }
}
