import Foundation
import NIOHTTP1
import RenditionAWS
import RenditionTestKit
import Testing

@Suite("Credentials of an instance")
struct CredentialInstanceTests {
    private static let folder = "/latest/meta-data/iam/security-credentials/"

    private func provider(_ transport: any Transport, _ environment: [String: String] = [:]) -> InstanceCredentials {
        InstanceCredentials(CredentialWorld(environment: environment, transport: transport).surroundings)
    }

    /// The metadata service of an instance with a role, of which a path may answer otherwise.
    private func service(_ path: String = "", _ other: WireResponse = .init(500, "")) -> StubTransport {
        StubTransport { request in
            if request.path == path { return other }
            switch request.path {
            case "/latest/api/token": return WireResponse(200, "the-token")
            case Self.folder: return WireResponse(200, "photos\n")
            default: return WireResponse(200, CredentialAnswers.json(more: #""Code": "Success", "#))
            }
        }
    }

    @Test func aRealServiceIsAskedInVersionTwo() async throws {
        try await CredentialServer.with { head in
            let token = head.headers.first(name: "x-aws-ec2-metadata-token")
            let lifetime = head.headers.first(name: "x-aws-ec2-metadata-token-ttl-seconds")
            switch (head.method, head.uri, token, lifetime) {
            case (.PUT, "/latest/api/token", nil, "21600"): return WireResponse(200, "the-token")
            case (.GET, Self.folder, "the-token", nil): return WireResponse(200, "photos")
            case (.GET, Self.folder + "photos", "the-token", nil):
                return WireResponse(200, CredentialAnswers.json(more: #""Code": "Success", "#))
            default: return WireResponse(401, "")
            }
        } _: { url, transport in
            let environment = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": url]
            let found = try await provider(transport, environment).credentials()
            #expect(found == CredentialAnswers.credentials)
        }
    }

    @Test func itIsLookedForAtItsAddress() async throws {
        let transport = service()
        #expect(try await provider(transport).credentials() == CredentialAnswers.credentials)
        #expect(transport.requests.first?.url == "http://169.254.169.254/latest/api/token")
    }

    @Test(arguments: ["true", "TRUE"])
    func switchedOffItIsNotAsked(_ value: String) async throws {
        let transport = service()
        #expect(try await provider(transport, ["AWS_EC2_METADATA_DISABLED": value]).credentials() == nil)
        #expect(transport.requests.isEmpty)
    }

    @Test func aPortWhereNobodyListensMeansNone() async throws {
        let transport = HTTPTransport()
        let found = try await provider(transport, ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1"])
            .credentials()
        #expect(found == nil)
        await transport.close()
    }

    @Test(arguments: [TransportError.unreachable(""), .timedOut(""), .broken("")])
    func silenceMeansNoneAfterASecondTry(_ error: TransportError) async throws {
        let transport = StubTransport { _ in throw error }
        #expect(try await provider(transport).credentials() == nil)
        #expect(transport.requests.count == 2)
    }

    @Test func aSecondTryMaySucceed() async throws {
        let (service, gauge) = (service(), Gauge())
        let transport = StubTransport { request in
            gauge.take()
            if gauge.peak == 1 { throw TransportError.timedOut("") }
            return try service.answered(request)
        }
        #expect(try await provider(transport).credentials() == CredentialAnswers.credentials)
    }

    /// As other clouds answer at the same address, and EC2 where the service is switched off.
    @Test(arguments: [400, 403, 404, 405])
    func noTokenMeansNone(_ status: Int) async throws {
        #expect(try await provider(service("/latest/api/token", .init(status, ""))).credentials() == nil)
    }

    @Test(arguments: [WireResponse(404, "<html>"), WireResponse(200, "\n")])
    func noRoleMeansNone(_ answer: WireResponse) async throws {
        #expect(try await provider(service(Self.folder, answer)).credentials() == nil)
    }

    @Test(arguments: ["/latest/api/token", folder, folder + "photos"])
    func aFailingServiceIsAnError(_ path: String) async throws {
        let text = await errorText(of: provider(service(path)))
        #expect(
            text == "The instance's metadata service refused: HTTP 500. "
                + "Check the role and the metadata options of the instance.")
    }

    @Test func aRoleWithoutCredentialsTellsWhy() async throws {
        let answer = WireResponse(200, #"{"Code": "AssumeRoleUnauthorizedAccess"}"#)
        let text = await errorText(of: provider(service(Self.folder + "photos", answer)))
        #expect(
            text == "The instance's metadata service has no credentials: AssumeRoleUnauthorizedAccess. "
                + "Check the role of the instance.")
    }

    @Test func anEndpointThatIsNoneIsNamed() async throws {
        let text = await errorText(of: provider(service(), ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "here"]))
        #expect(
            text == "AWS_EC2_METADATA_SERVICE_ENDPOINT is no endpoint; it must look like http://169.254.169.254.")
    }

    @Test func aCancelledTaskIsNoMissingService() async throws {
        let transport = StubTransport { _ in throw CancellationError() }
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await provider(transport).credentials()
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
