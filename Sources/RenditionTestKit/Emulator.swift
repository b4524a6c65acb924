import Foundation
import NIOCore
import NIOHTTP1
import RenditionAWS
import Synchronization

/// A MiniStack of one's own: S3, DynamoDB with its streams, STS and IAM on one port of the loopback interface.
///
/// It verifies the signatures of its user's requests. `scripts/emulators` installs it.
package final class Emulator: Sendable {
    private let folder: TestFolder
    private let port: Int
    /// Tells this emulator from another one that was quicker to take the port.
    private let mark: String
    private let leash: Mutex<Leash?>
    /// The key of a user who may do everything.
    package let accessKeyID: String
    package let secretAccessKey: String

    private init(_ folder: TestFolder, port: Int, mark: String, leash: Leash, key: (id: String, secret: String)) {
        self.folder = folder
        self.port = port
        self.mark = mark
        self.leash = Mutex(leash)
        (accessKeyID, secretAccessKey) = key
    }

    private static let running = Task { try await Emulator.start(folder: TestFolder()) }

    /// The one that all tests of a process share, started when the first asks for it. It ends with the process.
    package static func shared() async throws -> Emulator { try await running.value }

    /// Starts an emulator with nothing in it.
    ///
    /// - Parameter folder: For its data and its log, and for nothing else: it is removed with the emulator.
    package static func start(folder: TestFolder) async throws -> Emulator {
        for name in MiniStack.folders {
            try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
        }
        return try await retrying {
            let port = try FreePort.choose(1)[0]
            let mark = UUID().uuidString
            let leash = try await launch(folder, port: port, mark: mark)
            return Emulator(folder, port: port, mark: mark, leash: leash, key: try await makeUser(port: port))
        }
    }

    /// Another process may take a port between its choice and its use; then the next one is tried.
    static func retrying<Server>(_ start: () async throws -> Server) async throws -> Server {
        for _ in 0..<2 {
            do { return try await start() } catch is PortTaken { continue }
        }
        return try await start()
    }

    /// A server that ended by itself while it started.
    struct PortTaken: Error, CustomStringConvertible {
        let description: String
    }

    package var endpoint: String { "http://127.0.0.1:\(port)" }

    /// What a process needs to work against the emulator.
    package var environment: [String: String] {
        [
            "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": accessKeyID, "AWS_SECRET_ACCESS_KEY": secretAccessKey,
        ]
    }

    /// Ends it. Its data stays, but for the records in the tables' streams, which it never writes down.
    package func stop() async {
        let leash = leash.withLock { leash in
            defer { leash = nil }
            return leash
        }
        await leash?.stop()
    }

    /// Ends it and starts it on the same port with the same data, users and keys.
    package func restart() async throws {
        await stop()
        let leash = try await Self.launch(folder, port: port, mark: mark)
        self.leash.withLock { $0 = leash }
    }

    private static func launch(_ folder: TestFolder, port: Int, mark: String) async throws -> Leash {
        let log = folder.path("log")
        let leash = try Leash(
            "python", MiniStack.arguments,
            environment: ["PATH": "/usr/bin:/bin"].merging(
                MiniStack.environment(port: port, folder: folder.path, mark: mark)
            ) { $1 }, folder: folder.path, log: log)
        let exchange = try HTTPExchange("127.0.0.1:\(port)")
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            let health = try? await exchange.send(.init(head: head(.GET, MiniStack.healthPath)))
            if let health, String(buffer: health.body).contains(mark) { return leash }
            if !leash.isRunning { throw PortTaken(description: ServerFault("MiniStack ended", log: log).description) }
            if ContinuousClock.now > deadline { throw ServerFault("MiniStack doesn't answer", log: log) }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private static func head(_ method: HTTPMethod, _ path: String) -> HTTPRequestHead {
        HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: ["host": "127.0.0.1"])
    }

    /// Makes a further user, who may do everything but some actions.
    ///
    /// - Parameter denied: Actions of IAM, such as `s3:PutObject`.
    /// - Returns: What a process needs to work as that user.
    package func makeUser(denied: [String]) async throws -> [String: String] {
        let deny = denied.map { "\"\($0)\"" }.joined(separator: ",")
        return try await makeUser(
            policy: MiniStack.everything(except: #"{"Effect":"Deny","Action":[\#(deny)],"Resource":"*"}"#))
    }

    /// Makes a further user, who may do what a policy allows.
    ///
    /// - Parameter policy: A policy of IAM, as JSON.
    /// - Returns: What a process needs to work as that user.
    package func makeUser(policy: String) async throws -> [String: String] {
        let key = try await Self.makeUser(named: UUID().uuidString, policy: policy, port: port)
        return environment.merging(["AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret]) { $1 }
    }

    private static func makeUser(
        named name: String = "tests", policy: String = MiniStack.everything(), port: Int
    ) async throws -> (id: String, secret: String) {
        let transport = HTTPTransport()
        let endpoint = Endpoint("http://127.0.0.1:\(port)") ?? Endpoint(host: "127.0.0.1")
        let key: Credentials
        do {
            key = try await MiniStack.makeUser(named: name, policy: policy, at: endpoint, over: transport)
        } catch {
            await transport.close()
            throw error
        }
        await transport.close()
        return (key.accessKeyID, key.secretAccessKey)
    }
}
