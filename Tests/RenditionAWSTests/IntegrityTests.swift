import Foundation
import NIOHTTP1
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

@Suite("No wrong byte is read", .timeLimit(.minutes(1)))
struct IntegrityTests {
    private func error(_ bytes: [UInt8], _ action: FaultProxy.Action) async throws -> RenditionError? {
        let services = try await ProxiedServices.make()
        try await services.platform.put(bytes, as: "k")
        services.fail(with: action)
        let error = await #expect(throws: RenditionError.self) {
            try await services.objects.get(.photos, key: "k", limit: 1 << 20)
        }
        #expect(services.proxy.counts() == ["S3.GET": 3])
        await services.close()
        return error
    }

    private static let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }

    @Test(arguments: [0, 1, 50_000, 99_999])
    func ofABodyThatBreaksOff(_ length: Int) async throws {
        let error = try await error(Self.bytes, .cutBody(after: length))
        #expect(error?.code == "unreachable")
        #expect(error?.stage == .store)
        #expect(error?.retriable == true)
    }

    @Test(arguments: [1, 100_000])
    func ofABodyThatDiffers(_ length: Int) async throws {
        let error = try await error(Array(Self.bytes.prefix(length)), .corruptBody)
        #expect(error?.code == "stored_file_differs")
        #expect(error?.stage == .fetch)
        #expect(error?.retriable == true)
    }

    @Test func ofABodyWhoseHeadersKnowNoChecksum() async throws {
        let etag = "\"900150983cd24fb0d6963f7d28e17f72\""
        #expect(try await error([1], .answer(status: 200, headers: ["etag": etag], body: "abd"))?.stage == .fetch)
    }

    @Test func whatIsTooLargeIsNotRead() async throws {
        let services = try await ProxiedServices.make()
        try await services.platform.put(Self.bytes, as: "k")
        let error = await #expect(throws: RenditionError.self) {
            try await services.objects.get(.photos, key: "k", limit: 99_999)
        }
        #expect(error?.code == "too_large")
        #expect(error?.stage == .fetch)
        #expect(error?.retriable == false)
        #expect(services.proxy.counts() == ["S3.GET": 1])
        #expect(try await services.objects.get(.photos, key: "k", limit: 100_000)?.bytes == Self.bytes)
        await services.close()
    }

    /// A server may not say how long its answer is.
    @Test func whatTurnsOutTooLargeIsNotRead() async throws {
        let (url, stop) = try await ChunkedServer.start(chunks: 1000, of: 10_000)
        let request = WireRequest(.GET, try #require(Endpoint(url)))
        let error = await #expect(throws: TransportError.self) {
            try await HTTPTransport().send(request, limit: 25_000, deadline: .seconds(10))
        }
        guard case .tooLong(let bytes)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(bytes < 1_000_000)
        await stop()
    }

    @Test func anEmptyObjectIsRead() async throws {
        let services = try await ProxiedServices.make()
        let folder = TestFolder()
        let upload = ObjectUpload(key: "k", body: .file(try folder.write("empty", [])), contentType: "image/jpeg")
        #expect(try await services.objects.put(upload, in: .photos, if: .absent) != .conditionFailed)
        let got = try await services.objects.get(.photos, key: "k", limit: 0)
        #expect(got?.bytes == [])
        #expect(got?.info.size == 0)
        await services.close()
    }

    /// What arrives at S3 is what was sent: its signature holds the hash.
    @Test func whatChangesWhileItIsSentIsRefused() async throws {
        let services = try await ProxiedServices.make()
        let folder = TestFolder()
        let path = try folder.write("photo", Self.bytes)
        let transport = TamperingTransport(path)
        let context = AWSContext(transport: transport, credentials: services.context.credentials, region: "us-east-1")
        let s3 = S3(
            endpoint: try #require(Endpoint(services.proxy.endpoint)), addressing: .path, context: context)
        let upload = ObjectUpload(key: "k", body: .file(path), contentType: "image/jpeg")
        await #expect(throws: RenditionError.self) {
            try await S3Objects(s3: s3, names: services.platform.buckets).put(upload, in: .photos, if: .none)
        }
        #expect(try await services.objects.head(.photos, key: "k") == nil)
        await services.close()
    }
}

/// Writes another byte into a file right before it is sent.
private struct TamperingTransport: Transport {
    private let real = HTTPTransport()
    private let path: String

    init(_ path: String) { self.path = path }

    func send(_ request: WireRequest, limit: Int, deadline: Duration) async throws -> WireResponse {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.write(contentsOf: Data([99]))
        try file.close()
        return try await real.send(request, limit: limit, deadline: deadline)
    }
}
