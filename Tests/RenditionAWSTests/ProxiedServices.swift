import RenditionAWS
import RenditionCore
import RenditionTestKit
import Synchronization

/// A platform of one's own behind a proxy, and clients of the test's making that go through it.
struct ProxiedServices: Sendable {
    let platform: AWSPlatform
    let proxy: FaultProxy
    let context: AWSContext
    let dynamo: DynamoDB
    let s3: S3
    var objects: S3Objects { S3Objects(s3: s3, names: platform.buckets) }

    static func make(
        transport: any Transport = HTTPTransport(), clock: ServerClock = ServerClock(), maxAttempts: Int? = nil,
        credentials: (any CredentialProvider)? = nil
    ) async throws -> ProxiedServices {
        let emulator = try await Emulator.shared()
        let platform = try await AWSPlatform.make(on: emulator)
        let proxy = try await FaultProxy.start(upstream: emulator.endpoint, recording: true)
        let provider = credentials ?? FixedCredentials(emulator.key)
        let context = AWSContext(
            transport: transport, credentials: CredentialCache(CredentialChain([provider])), region: "us-east-1",
            clock: clock, maxAttempts: maxAttempts)
        return ProxiedServices(platform: platform, proxy: proxy, context: context)
    }

    private init(platform: AWSPlatform, proxy: FaultProxy, context: AWSContext) {
        self.platform = platform
        self.proxy = proxy
        self.context = context
        let endpoint = Endpoint(proxy.endpoint) ?? Endpoint(host: "127.0.0.1")
        dynamo = DynamoDB(endpoint: endpoint, context: context)
        s3 = S3(endpoint: endpoint, addressing: .path, context: context)
    }

    /// A read that any table answers.
    @discardableResult
    func readItem() async throws -> DynamoDB.Item? {
        try await dynamo.get(["id": .string("a")], from: platform.tables.photos)
    }

    /// Does something to the first requests that come, or to the first of one kind, and passes the rest.
    func fail(
        first count: Int = .max, of kind: @escaping @Sendable (FaultProxy.Seen) -> Bool = { _ in true },
        with action: FaultProxy.Action
    ) {
        proxy.fail(first: count, of: kind, with: action)
    }

    func close() async {
        await proxy.stop()
        await platform.close()
    }
}

extension FaultProxy {
    /// Does something to the first requests that come, or to the first of one kind, and passes the rest.
    func fail(first count: Int, of kind: @escaping @Sendable (Seen) -> Bool, with action: Action) {
        let left = Remaining(count)
        onRequest { kind($0) && left.take() ? action : .pass }
    }
}

/// How often something may still happen.
final class Remaining: Sendable {
    private let left: Mutex<Int>

    init(_ count: Int) { left = Mutex(count) }

    func take() -> Bool {
        left.withLock { left in
            left -= 1
            return left >= 0
        }
    }
}

extension Emulator {
    var key: Credentials { Credentials(accessKeyID: accessKeyID, secretAccessKey: secretAccessKey) }
}

extension FaultProxy.Action {
    /// A refusal as DynamoDB words it.
    static func dynamo(_ status: Int, _ code: String, _ message: String = "no") -> FaultProxy.Action {
        .answer(
            status: status, headers: ["content-type": "application/x-amz-json-1.0"],
            body: #"{"__type":"com.amazonaws.dynamodb.v20120810#\#(code)","message":"\#(message)"}"#)
    }

    /// A refusal as S3 words it.
    static func s3(_ status: Int, _ code: String, _ message: String = "no") -> FaultProxy.Action {
        .answer(
            status: status, headers: ["content-type": "application/xml"],
            body: "<Error><Code>\(code)</Code><Message>\(message)</Message></Error>")
    }
}
