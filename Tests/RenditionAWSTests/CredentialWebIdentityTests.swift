import Foundation
import NIOHTTP1
import RenditionAWS
import RenditionTestKit
import Testing

@Suite("Credentials for a web identity")
struct CredentialWebIdentityTests {
    private static let action = "AssumeRoleWithWebIdentity"

    /// A world with a token file.
    private func world(_ transport: any Transport) throws -> CredentialWorld {
        var world = CredentialWorld(transport: transport)
        world.environment = [
            "AWS_WEB_IDENTITY_TOKEN_FILE": try world.folder.write("token", Array("the-web-token\n".utf8)),
            "AWS_ROLE_ARN": "arn:aws:iam::1:role/photos",
        ]
        return world
    }

    @Test func theTokenIsExchangedForARole() async throws {
        let transport = StubTransport(200, CredentialAnswers.sts(Self.action))
        var world = try world(transport)
        world.region = "eu-west-1"
        world.environment["AWS_ROLE_SESSION_NAME"] = "worker 7"
        let found = try await WebIdentityCredentials(world.surroundings).credentials()
        #expect(found == CredentialAnswers.credentials)

        let request = try #require(transport.requests.first)
        #expect(request.method == .POST)
        #expect(request.url == "https://sts.eu-west-1.amazonaws.com/")
        #expect(request.headers.first(name: "authorization") == nil, "the call has no signature")
        #expect(request.headers.first(name: "content-type") == "application/x-www-form-urlencoded; charset=utf-8")
        #expect(
            request.form == [
                "Action": Self.action, "Version": "2011-06-15", "RoleArn": "arn:aws:iam::1:role/photos",
                "RoleSessionName": "worker 7", "WebIdentityToken": "the-web-token",
            ])
    }

    @Test(arguments: [
        ([:], "https://sts.amazonaws.com/"),
        (["AWS_ENDPOINT_URL": "http://localhost:4566"], "http://localhost:4566/"),
        (["AWS_ENDPOINT_URL": "http://a:1", "AWS_ENDPOINT_URL_STS": "http://b:2"], "http://b:2/"),
    ])
    func theEndpointCanBeSet(_ environment: [String: String], _ url: String) async throws {
        let transport = StubTransport(200, CredentialAnswers.sts(Self.action))
        var world = try world(transport)
        world.environment.merge(environment) { _, new in new }
        _ = try await WebIdentityCredentials(world.surroundings).credentials()
        #expect(transport.requests.first?.url == url)
    }

    @Test func aRealServerIsAsked() async throws {
        let answer = CredentialAnswers.sts(Self.action)
        try await CredentialServer.with { head in
            head.method == .POST && head.uri == "/" ? WireResponse(200, answer) : WireResponse(400, "")
        } _: { url, transport in
            var world = try world(transport)
            world.environment["AWS_ENDPOINT_URL_STS"] = url
            let found = try await WebIdentityCredentials(world.surroundings).credentials()
            #expect(found == CredentialAnswers.credentials)
        }
    }

    @Test func withoutATokenFileThereAreNone() async throws {
        let world = CredentialWorld(environment: ["AWS_ROLE_ARN": "arn:aws:iam::1:role/photos"])
        #expect(try await WebIdentityCredentials(world.surroundings).credentials() == nil)
    }

    @Test func aMissingRoleIsNamed() async throws {
        var world = try world(StubTransport.none)
        world.environment["AWS_ROLE_ARN"] = nil
        let text = await errorText(of: WebIdentityCredentials(world.surroundings))
        #expect(text?.contains("Set AWS_ROLE_ARN too") == true)
    }

    @Test func aMissingFileIsNamed() async throws {
        var world = try world(StubTransport.none)
        world.environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/nowhere/token"
        let text = await errorText(of: WebIdentityCredentials(world.surroundings))
        #expect(
            text == "There is no token in /nowhere/token, which AWS_WEB_IDENTITY_TOKEN_FILE names. Check that setting.")
    }

    @Test func aRefusalTellsTheCauseAndTheRemedyWithoutTheToken() async throws {
        let answer = """
            <ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>Token the-web-token is wrong
            a second line</Message></Error></ErrorResponse>
            """
        let world = try world(StubTransport(400, answer))
        let text = await errorText(of: WebIdentityCredentials(world.surroundings))
        #expect(
            text == "AWS STS refused to hand out the role arn:aws:iam::1:role/photos: InvalidIdentityToken (HTTP 400): "
                + "Token (secret) is wrong. Check the role's trust policy and the identity that asks for it.")
    }

    @Test(arguments: ["", "no", "<a/>", "{}"])
    func anythingElseIsAnError(_ answer: String) async throws {
        let world = try world(StubTransport(200, answer))
        #expect(await errorText(of: WebIdentityCredentials(world.surroundings))?.hasPrefix("AWS STS gave") == true)
    }

    @Test func aFaultOfTheServerIsTriedOnceMore() async throws {
        let gauge = Gauge()
        let transport = StubTransport { _ in
            gauge.take()
            return gauge.peak == 1 ? WireResponse(503, "") : WireResponse(200, CredentialAnswers.sts(Self.action))
        }
        let found = try await WebIdentityCredentials(try world(transport).surroundings).credentials()
        #expect(found == CredentialAnswers.credentials)
        #expect(transport.requests.count == 2)
    }

    @Test func anUnreachableServiceIsAnErrorWithARemedy() async throws {
        let text = await errorText(of: WebIdentityCredentials(try world(StubTransport.none).surroundings))
        #expect(text == "AWS STS could not be asked: no network. Check that this machine can reach it.")
    }
}
