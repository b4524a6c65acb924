import Foundation
import NIOHTTP1
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Synchronization
import Testing

@Suite("Requests tell no secrets", .timeLimit(.minutes(1)))
struct SecrecyTests {
    private static let secret = "wrong/SECRET+of40characters"
    private static let token = "TOKEN/of+the/session=="

    /// Whether a text holds what only the signer and the service may know.
    private func tells(_ text: String, _ secrets: [String] = [secret, token]) -> Bool {
        secrets.contains { text.contains($0) } || text.contains("Signature=")
            || text.contains(/[0-9a-f]{64}/)
    }

    /// Everything that may be printed of an error.
    private func texts(of error: any Error) -> [String] {
        var dumped = ""
        dump(error, to: &dumped)
        let own = (error as? RenditionError).map { [$0.message, $0.detail ?? "", "\($0.recordValue)"] } ?? []
        return own + ["\(error)", String(reflecting: error), error.localizedDescription, dumped]
    }

    enum Wrong: String, CaseIterable, Sendable {
        case secret, key, token
    }

    @Test(arguments: Wrong.allCases)
    func ofAStoreThatCannotBeOpened(_ wrong: Wrong) async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        var configuration = platform.configuration()
        switch wrong {
        case .secret: configuration.environment["AWS_SECRET_ACCESS_KEY"] = Self.secret
        case .key: configuration.environment["AWS_ACCESS_KEY_ID"] = "AKIANOBODY"
        case .token: configuration.environment["AWS_SESSION_TOKEN"] = Self.token
        }
        let held = try #require(configuration.environment["AWS_SECRET_ACCESS_KEY"])
        let memory = LogMemory()
        do {
            let store = try await AWSStore.open(configuration, logger: memory.logger)
            Issue.record("it was opened: \(store.summary)")
            await store.close()
        } catch {
            #expect((error as? RenditionError)?.stage == .store)
            for text in texts(of: error) { #expect(!tells(text, [held, Self.token]), "\(text)") }
        }
        for line in memory.lines.withLock({ $0 }) { #expect(!tells(line, [held, Self.token]), "\(line)") }
        await platform.close()
    }

    @Test func ofAStoreThatIsOpen() async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        let memory = LogMemory()
        let store = try await AWSStore.open(platform.configuration(), logger: memory.logger, checksTables: false)
        try await store.setup { #expect(!tells($0, [platform.emulator.secretAccessKey])) }
        _ = try await store.tend()
        var dumped = ""
        dump(store, to: &dumped)
        #expect(!dumped.contains(platform.emulator.secretAccessKey))
        for text in [store.summary, "\(store)"] + memory.lines.withLock({ $0 }) {
            #expect(!tells(text, [platform.emulator.secretAccessKey]))
        }
        #expect(store.summary.contains("from the environment"))
        await store.close()
        await platform.close()
    }

    private static let credentials = Credentials(accessKeyID: "A", secretAccessKey: secret, sessionToken: token)

    private func context(_ transport: any Transport) -> AWSContext {
        AWSContext(
            transport: transport,
            credentials: CredentialCache(CredentialChain([FixedCredentials(Self.credentials)])), region: "eu-west-1",
            maxAttempts: 1)
    }

    /// DynamoDB says what should have been signed when a signature is wrong, and quotes one that it can't read.
    @Test func whichTheServiceQuotes() async throws {
        let quoting = StubTransport { request in
            let quoted = request.headers.map { "\($0.name):\($0.value)" }.joined(separator: "\\n")
            let authorization = request.headers.first(name: "authorization") ?? ""
            return WireResponse(
                403,
                #"{"__type":"InvalidSignatureException","message":"It differs: \#(authorization)\n\n\#(quoted)"}"#)
        }
        let dynamo = DynamoDB(endpoint: Endpoint(host: "h"), context: context(quoting))
        do {
            _ = try await dynamo.get(["id": .string("a")], from: "photos")
            Issue.record("it succeeded")
        } catch let failure as AWSFailure {
            #expect(failure.message.hasPrefix("It differs: "))
            #expect(!failure.message.contains("\n"))
            // The field's own name may stand there, and what it holds may not.
            let signature = quoting.requests.last?.headers.first(name: "authorization")?.suffix(64) ?? ""
            for text in texts(of: failure) + texts(of: failure.renditionError) {
                #expect(![Self.secret, Self.token, String(signature)].contains { text.contains($0) }, "\(text)")
            }
        }
    }

    /// A token that can't stand in a header, as from a file that was cut in the middle of a line.
    @Test func ofWhatCannotBeSent() async throws {
        let services = try await ProxiedServices.make(
            credentials: FixedCredentials(
                Credentials(
                    accessKeyID: "A", secretAccessKey: Self.secret, sessionToken: "\(Self.token)\n\(Self.token)")))
        do {
            try await services.readItem()
            Issue.record("it succeeded")
        } catch {
            for text in texts(of: error) { #expect(!tells(text), "\(text)") }
        }
        await services.close()
    }
}
