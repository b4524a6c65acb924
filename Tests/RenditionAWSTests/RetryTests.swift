import Foundation
import NIOHTTP1
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

/// Something that goes wrong on the way, for test names.
struct Trouble: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let action: FaultProxy.Action

    init(_ name: String, _ action: FaultProxy.Action) {
        testDescription = name
        self.action = action
    }
}

@Suite("Failed requests are tried again", .timeLimit(.minutes(2)))
struct RetryTests {
    static let dynamoTroubles = [
        Trouble("500", .dynamo(500, "InternalServerError")), Trouble("503", .answer(status: 503)),
        Trouble("throttling", .dynamo(400, "ThrottlingException")),
        Trouble("no capacity", .dynamo(400, "ProvisionedThroughputExceededException")),
        Trouble("a closed connection", .refuse), Trouble("a dropped reply", .dropReply),
        Trouble("a cut body", .cutBody(after: 5)),
        Trouble("a flipped bit", .corruptBody),
        Trouble("a wrong checksum", .answer(status: 200, headers: ["x-amz-crc32": "1"], body: "{}")),
    ]

    @Test(arguments: dynamoTroubles)
    func ofDynamoDB(_ trouble: Trouble) async throws {
        let services = try await ProxiedServices.make()
        let item: DynamoDB.Item = ["id": .string("a")]
        _ = try await services.platform.dynamo.put(item, into: services.platform.tables.photos)
        services.fail(first: 1, with: trouble.action)
        #expect(try await services.readItem() == item)
        #expect(services.proxy.counts() == ["DynamoDB.GetItem": 2])
        let count = services.context.meter.counts["DynamoDB GetItem"]
        #expect(count?.requests == 2 && count?.retries == 1)
        await services.close()
    }

    static let s3Troubles = [
        Trouble("500", .s3(500, "InternalError")), Trouble("503", .s3(503, "SlowDown")),
        Trouble("a time-out's word", .s3(400, "RequestTimeout")), Trouble("a closed connection", .refuse),
        Trouble("a dropped reply", .dropReply), Trouble("a cut body", .cutBody(after: 3)),
        Trouble("a flipped bit", .corruptBody),
    ]

    @Test(arguments: s3Troubles)
    func ofS3(_ trouble: Trouble) async throws {
        let services = try await ProxiedServices.make()
        try await services.platform.put(Array("the photo".utf8), as: "k")
        services.fail(first: 1, with: trouble.action)
        let got = try await services.objects.get(.photos, key: "k", limit: 9)
        #expect(got.map { String(decoding: $0.bytes, as: UTF8.self) } == "the photo")
        #expect(services.proxy.counts() == ["S3.GET": 2])
        await services.close()
    }

    @Test func whenNobodyListensYet() async throws {
        let services = try await ProxiedServices.make(transport: DetourTransport(first: 2))
        #expect(try await services.readItem() == nil)
        #expect(services.context.meter.counts["DynamoDB GetItem"]?.requests == 3)
        #expect(services.proxy.counts() == ["DynamoDB.GetItem": 1])
        await services.close()
    }

    @Test(arguments: [
        ("ValidationException", 400), ("AccessDeniedException", 400), ("ResourceNotFoundException", 400),
    ])
    func butNotWhatWillFailAgain(_ code: String, _ status: Int) async throws {
        let services = try await ProxiedServices.make()
        services.fail(with: .dynamo(status, code))
        let failure = await #expect(throws: AWSFailure.self) { try await services.readItem() }
        #expect(failure?.code == code)
        #expect(services.proxy.counts() == ["DynamoDB.GetItem": 1])
        await services.close()
    }

    @Test func butNoObjectThatMayNotBeRead() async throws {
        let services = try await ProxiedServices.make()
        services.fail(with: .s3(403, "AccessDenied"))
        let error = await #expect(throws: RenditionError.self) {
            try await services.objects.get(.photos, key: "k", limit: 9)
        }
        #expect(error?.code == "access_denied")
        #expect(services.proxy.counts()["S3.GET"] == 1)
        await services.close()
    }

    @Test func butNotForEver() async throws {
        let services = try await ProxiedServices.make()
        services.fail(with: .dynamo(500, "InternalServerError", "oh"))
        let failure = await #expect(throws: AWSFailure.self) { try await services.readItem() }
        let table = services.platform.tables.photos
        #expect(failure?.description == "DynamoDB GetItem of \(table): 500 InternalServerError: oh")
        #expect(failure?.mayHaveHappened == true)
        #expect(services.proxy.counts() == ["DynamoDB.GetItem": 4])
        services.proxy.reset()
        services.fail(with: .s3(503, "ServiceUnavailable"))
        let other = await #expect(throws: AWSFailure.self) { try await services.s3.head("b", "a\nb") }
        #expect(other?.description == "S3 HeadObject of b/a\\nb: 503 503")
        #expect(services.proxy.counts() == ["S3.HEAD": 3])
        await services.close()
    }

    @Test func notAtAllWhereThatIsTurnedOff() async throws {
        let services = try await ProxiedServices.make()
        services.fail(of: { $0.target == "GetItem" }, with: .dynamo(500, "InternalServerError"))
        var configuration = services.platform.configuration(endpoint: services.proxy.endpoint)
        configuration.environment["AWS_MAX_ATTEMPTS"] = "1"
        let store = try await AWSStore.open(configuration, logger: LogMemory().logger, checksTables: false)
        await #expect(throws: RenditionError.self) { try await store.records.record("a") }
        #expect(services.proxy.counts()["DynamoDB.GetItem"] == 1)
        await store.close()
        await services.close()
    }

    @Test func lessAndLessWhileTheServiceIsDown() async throws {
        let services = try await ProxiedServices.make()
        services.fail(with: .dynamo(500, "InternalServerError"))
        func asked(_ calls: Int) async -> Int {
            let before = services.proxy.counts()["DynamoDB.GetItem"] ?? 0
            await withDiscardingTaskGroup { group in
                for _ in 0..<calls { group.addTask { _ = try? await services.readItem() } }
            }
            return (services.proxy.counts()["DynamoDB.GetItem"] ?? 0) - before
        }
        // A hundred retries may be made in all.
        #expect(await asked(60) == 160)
        #expect(await asked(5) == 5)
        // Each success pays for a fifth of one.
        services.proxy.onRequest { _ in .pass }
        for _ in 0..<10 { try await services.readItem() }
        services.fail(with: .dynamo(500, "InternalServerError"))
        #expect(await asked(1) == 3)
        #expect(await asked(1) == 1)
        await services.close()
    }

    @Test func aSilentServerIsGivenUpAndMayHaveDoneIt() async throws {
        let transport = HTTPTransport(readTimeout: .milliseconds(300))
        let services = try await ProxiedServices.make(transport: transport, maxAttempts: 2)
        services.proxy.pause()
        let failure = await #expect(throws: AWSFailure.self) { try await services.readItem() }
        #expect(failure?.code == "TimedOut")
        #expect(failure?.mayHaveHappened == true)
        #expect(services.context.meter.counts["DynamoDB GetItem"]?.requests == 2)
        await services.close()
    }

    @Test func aWriteThatMayHaveBeenMineIsToldApart() async throws {
        let services = try await ProxiedServices.make()
        var isNew = Expression()
        isNew.requireAbsent("id")
        let item: DynamoDB.Item = ["id": .string("a")]
        services.fail(first: 1, with: .dropReply)
        let outcome = try await services.dynamo.put(item, into: services.platform.tables.photos, if: isNew)
        guard case .refused(let before, let unclear) = outcome else {
            Issue.record("it was written twice")
            return
        }
        #expect(before == item && unclear)
        await services.close()
    }

    @Test(arguments: [
        Trouble("500", .s3(500, "InternalError")), Trouble("a closed connection", .refuse),
        Trouble("a dropped reply", .dropReply),
    ])
    func aFileIsSentAgainWhole(_ trouble: Trouble) async throws {
        let services = try await ProxiedServices.make()
        let folder = TestFolder()
        let bytes = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
        let path = try folder.write("photo", bytes)
        services.fail(first: 1, of: { $0.method == "PUT" }, with: trouble.action)
        let upload = ObjectUpload(key: "k", body: .file(path), contentType: "image/jpeg")
        #expect(try await services.objects.put(upload, in: .photos, if: .none) != .conditionFailed)
        #expect(services.proxy.counts() == ["S3.PUT": 2])
        #expect(try await services.objects.get(.photos, key: "k", limit: 4_000_000)?.bytes == bytes)
        await services.close()
    }

    @Test func aFileThatEndsTooEarlyIsNoFaultOfTheNetwork() async throws {
        let services = try await ProxiedServices.make()
        let folder = TestFolder()
        let request = WireRequest(
            .PUT, try #require(Endpoint(services.proxy.endpoint)), path: "/b/k",
            body: .file(path: try folder.write("short", [1, 2, 3]), offset: 0, length: 9))
        let error = await #expect(throws: TransportError.self) {
            try await HTTPTransport().send(request, limit: 9, deadline: .seconds(5))
        }
        #expect(error == .unreadable("\(folder.path("short")) ends before its length"))
        await services.close()
    }
}

/// Sends the first requests to a port where nobody listens.
private final class DetourTransport: Transport {
    private let real = HTTPTransport()
    private let detours: Remaining

    init(first: Int) { detours = Remaining(first) }

    func send(_ request: WireRequest, limit: Int, deadline: Duration) async throws -> WireResponse {
        var request = request
        if detours.take() { request.endpoint.port = try FreePort.choose(1)[0] }
        return try await real.send(request, limit: limit, deadline: deadline)
    }
}
