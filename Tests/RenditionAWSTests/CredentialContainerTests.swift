import Foundation
import NIOHTTP1
import RenditionAWS
import RenditionTestKit
import Testing

@Suite("Credentials of a container")
struct CredentialContainerTests {
    private static let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    private static let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI"

    private func provider(
        _ environment: [String: String], _ transport: any Transport = StubTransport.none
    ) -> ContainerCredentials {
        ContainerCredentials(CredentialWorld(environment: environment, transport: transport).surroundings)
    }

    @Test func aRelativePathLeadsToTheTasksAgent() async throws {
        let transport = StubTransport(200, CredentialAnswers.json())
        let found = try await provider([Self.relative: "/v2/credentials/a%20b?id=1"], transport).credentials()
        #expect(found == CredentialAnswers.credentials)
        #expect(transport.requests.map(\.url) == ["http://169.254.170.2/v2/credentials/a%20b?id=1"])
        #expect(transport.requests.first?.headers.contains(name: "authorization") == false)
    }

    @Test func aRealAgentIsAskedWithTheTokenOfTheFile() async throws {
        let folder = TestFolder()
        let token = try folder.write("token", Array("the-agent-token\n".utf8))
        try await CredentialServer.with { head in
            let isRight =
                head.uri == "/v1/credentials" && head.headers.first(name: "authorization") == "the-agent-token"
            return WireResponse(isRight ? 200 : 403, CredentialAnswers.json())
        } _: { url, transport in
            let environment = [
                Self.full: "\(url)/v1/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token,
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "an older one",
            ]
            let found = try await provider(environment, transport).credentials()
            #expect(found == CredentialAnswers.credentials)
        }
    }

    @Test func theTokenMayStandInTheEnvironment() async throws {
        let transport = StubTransport(200, CredentialAnswers.json())
        _ = try await provider(
            [Self.full: "http://localhost:1338/c", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic x"], transport
        ).credentials()
        #expect(transport.requests.first?.headers.first(name: "authorization") == "Basic x")
    }

    @Test func withoutAnEndpointThereAreNone() async throws {
        #expect(try await provider(["AWS_CONTAINER_AUTHORIZATION_TOKEN": "t"]).credentials() == nil)
    }

    @Test(arguments: [
        "https://example.com/c", "http://localhost/c", "http://127.0.0.1:80/c", "http://127.9.9.9/c",
        "http://[::1]:1/c",
        "http://169.254.170.2/c", "http://169.254.170.23/c", "http://[fd00:ec2::23]/c", "http://[FD00:EC2:0::23]/c",
    ])
    func theseMayBeAsked(_ url: String) async throws {
        let transport = StubTransport(200, CredentialAnswers.json())
        #expect(try await provider([Self.full: url], transport).credentials() == CredentialAnswers.credentials)
        #expect(transport.requests.map(\.url) == [url])
    }

    @Test(arguments: [
        "http://example.com/c", "http://169.254.169.254/c", "http://169.254.170.24/c", "http://127.0.0.1.example.com/c",
        "http://localhost.example.com/c", "http://[fd00:ec2::24]/c", "http://10.0.0.1/c", "http://[::ffff:10.0.0.1]/c",
    ])
    func theseMayNot(_ url: String) async throws {
        let transport = StubTransport(200, CredentialAnswers.json())
        let text = await errorText(of: provider([Self.full: url], transport))
        #expect(text?.contains("It must begin with https, or name this machine") == true)
        #expect(transport.requests.isEmpty)
    }

    @Test(arguments: [
        "", "ftp://localhost/c", "localhost/c", "http:///c", "http://u:s3cret@localhost/c", "http://a b/c",
    ])
    func whatIsNoURLIsRefusedAndNotQuoted(_ url: String) async throws {
        let text = await errorText(of: provider([Self.full: url.isEmpty ? "http://" : url]))
        #expect(
            text == "AWS_CONTAINER_CREDENTIALS_FULL_URI is no URL; it must look like "
                + "http://169.254.170.23/v1/credentials.")
    }

    @Test(arguments: ["v2", "@example.com/", "http://example.com/"])
    func aRelativePathBeginsWithASlash(_ path: String) async throws {
        let text = await errorText(of: provider([Self.relative: path]))
        #expect(text == "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path; it must begin with a slash.")
    }

    @Test func aRefusalTellsTheCauseWithoutTheToken() async throws {
        let transport = StubTransport(400, #"{"code": "InvalidToken", "message": "the-agent-token is old"}"#)
        let text = await errorText(
            of: provider(
                [Self.relative: "/c", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "the-agent-token"], transport))
        #expect(
            text == "The container's credentials endpoint refused: InvalidToken (HTTP 400): (secret) is old. "
                + "Check the role of the task or the pod.")
    }

    @Test func aTokenThatNoHeaderCanCarryIsNotSent() async throws {
        let transport = StubTransport(200, CredentialAnswers.json())
        let text = try #require(
            await errorText(
                of: provider([Self.relative: "/c", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "s3cret\r\nx: y"], transport)))
        #expect(text.hasPrefix("AWS_CONTAINER_AUTHORIZATION_TOKEN is empty or holds characters"))
        #expect(!text.contains("s3cret"))
        #expect(transport.requests.isEmpty)
    }

    @Test func aMissingTokenFileIsNamed() async throws {
        let environment = [Self.relative: "/c", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/nowhere/t"]
        let text = await errorText(of: provider(environment))
        #expect(text?.contains("no token in /nowhere/t, which AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names") == true)
    }

    @Test func aSilentAgentIsAnError() async throws {
        let text = await errorText(of: provider([Self.relative: "/c"]))
        #expect(text?.hasPrefix("The container's credentials endpoint could not be asked: no network.") == true)
    }
}
