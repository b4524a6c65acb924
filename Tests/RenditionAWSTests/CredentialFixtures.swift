import Foundation
import NIOHTTP1
import RenditionAWS
import RenditionTestKit
import Synchronization

/// Answers requests from a closure and remembers them.
final class StubTransport: Transport {
    private let seen = Mutex<[WireRequest]>([])
    private let answer: @Sendable (WireRequest) throws -> WireResponse

    init(_ answer: @escaping @Sendable (WireRequest) throws -> WireResponse) { self.answer = answer }

    /// Answers everything alike.
    convenience init(_ status: Int, _ body: String) { self.init { _ in .init(status, body) } }

    /// Never reaches anything.
    static var none: StubTransport { StubTransport { _ in throw TransportError.unreachable("no network") } }

    var requests: [WireRequest] { seen.withLock { $0 } }

    func answered(_ request: WireRequest) throws -> WireResponse { try answer(request) }

    func send(_ request: WireRequest, limit: Int, deadline: Duration) async throws -> WireResponse {
        seen.withLock { $0.append(request) }
        return try answer(request)
    }
}

extension WireResponse {
    init(_ status: Int, _ body: String) { self.init(status: status, headers: [:], body: Array(body.utf8)) }
}

extension WireRequest {
    var text: String {
        guard case .bytes(let bytes) = body else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The fields of a form, decoded.
    var form: [String: String] {
        var components = URLComponents()
        components.percentEncodedQuery = text
        return Dictionary((components.queryItems ?? []).map { ($0.name, $0.value ?? "") }) { _, last in last }
    }
}

/// A home folder with credentials' surroundings.
struct CredentialWorld: Sendable {
    let folder = TestFolder()
    var environment: [String: String] = [:]
    var transport: any Transport = StubTransport.none
    var region: String?

    /// 2025-06-15T15:06:40Z
    static let now = Date(timeIntervalSince1970: 1_750_000_000)

    /// Marks a request with whose credentials, region and service it is signed.
    var surroundings: CredentialSurroundings {
        CredentialSurroundings(
            environment: environment, home: folder.path, transport: transport, region: region,
            // The folder stays as long as what looks into it.
            now: { [folder] in withExtendedLifetime(folder) { Self.now } },
            sign: { request, credentials, region, service in
                var request = request
                let signature = [credentials.accessKeyID, region, service].joined(separator: "/")
                request.headers.replaceOrAdd(name: "authorization", value: signature)
                return request
            })
    }

    func config(_ text: String) throws { try folder.write(".aws/config", Array(text.utf8)) }
    func credentials(_ text: String) throws { try folder.write(".aws/credentials", Array(text.utf8)) }
}

/// Answers as the services give them, with secrets that no error may tell.
enum CredentialAnswers {
    static let secret = "SECRET-of-the-answer"
    static let sessionToken = "TOKEN-of-the-answer"
    static let expiration = Date(timeIntervalSince1970: 1_750_003_600)

    /// What all of them come to.
    static let credentials = Credentials(
        accessKeyID: "ASIAANSWER", secretAccessKey: secret, sessionToken: sessionToken, expiration: expiration)

    static func json(token: String = "Token", more: String = "") -> String {
        """
        {\(more)"AccessKeyId": "ASIAANSWER", "SecretAccessKey": "\(secret)", "\(token)": "\(sessionToken)",
         "Expiration": "2025-06-15T16:06:40Z"}
        """
    }

    static func sts(_ action: String) -> String {
        """
        <\(action)Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><\(action)Result>
          <Credentials>
            <AccessKeyId>ASIAANSWER</AccessKeyId><SecretAccessKey>\(secret)</SecretAccessKey>
            <SessionToken>\(sessionToken)</SessionToken><Expiration>2025-06-15T16:06:40Z</Expiration>
          </Credentials>
        </\(action)Result></\(action)Response>
        """
    }

    static let sso = """
        {"roleCredentials": {"accessKeyId": "ASIAANSWER", "secretAccessKey": "\(secret)",
         "sessionToken": "\(sessionToken)", "expiration": 1750003600000}}
        """
}

/// The words of the error that a provider throws; nil where it throws none.
func errorText(of provider: any CredentialProvider) async -> String? {
    do {
        _ = try await provider.credentials()
        return nil
    } catch {
        return "\(error)"
    }
}
