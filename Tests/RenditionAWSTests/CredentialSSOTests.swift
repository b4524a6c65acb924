import Foundation
import NIOHTTP1
import RenditionAWS
import RenditionTestKit
import Testing

@Suite("Credentials of IAM Identity Center")
struct CredentialSSOTests {
    private static let session = """
        [profile work]
        sso_session = galerly
        sso_account_id = 111122223333
        sso_role_name = Photo Role
        [sso-session galerly]
        sso_region = eu-west-1
        sso_start_url = https://galerly.awsapps.com/start
        """
    private static let legacy = """
        [profile work]
        sso_account_id = 111122223333
        sso_role_name = Photo Role
        sso_region = eu-west-1
        sso_start_url = https://galerly.awsapps.com/start
        """
    /// SHA-1 of `galerly` and of the start URL, from `sha1sum`.
    private static let sessionFile = ".aws/sso/cache/23425ea4d9549f739c784dca6649f2f648e9d354.json"
    private static let legacyFile = ".aws/sso/cache/cb5c7fb6d0c1764cb3817600edd397d9dbf38d8c.json"

    private func world(
        _ transport: any Transport, config: String = session, file: String = sessionFile,
        expires: String = "2025-06-15T15:06:41Z"
    ) throws -> CredentialWorld {
        let world = CredentialWorld(environment: ["AWS_PROFILE": "work"], transport: transport)
        try world.config(config)
        try world.folder.write(file, Array(#"{"accessToken": "the-sso-token", "expiresAt": "\#(expires)"}"#.utf8))
        return world
    }

    @Test(arguments: [(session, sessionFile), (legacy, legacyFile)])
    func theCachedTokenIsExchanged(_ config: String, _ file: String) async throws {
        let transport = StubTransport(200, CredentialAnswers.sso)
        let world = try world(transport, config: config, file: file)
        #expect(try await ProfileCredentials(world.surroundings).credentials() == CredentialAnswers.credentials)
        let request = try #require(transport.requests.first)
        #expect(request.method == .GET)
        #expect(
            request.url == "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials"
                + "?account_id=111122223333&role_name=Photo%20Role")
        #expect(request.headers.first(name: "x-amz-sso_bearer_token") == "the-sso-token")
    }

    @Test func theOldFormOfADateIsRead() async throws {
        let world = try world(StubTransport(200, CredentialAnswers.sso), expires: "2025-06-15T15:06:41UTC")
        #expect(try await ProfileCredentials(world.surroundings).credentials() == CredentialAnswers.credentials)
    }

    @Test func anExpiredLoginTellsHowToLogIn() async throws {
        let world = try world(StubTransport(200, CredentialAnswers.sso), expires: "2025-06-15T15:06:40Z")
        #expect(
            await errorText(of: ProfileCredentials(world.surroundings))
                == "IAM Identity Center has a login that has expired for the profile \"work\". "
                + "Run: aws sso login --profile work")
    }

    @Test func aMissingLoginTellsHowToLogIn() async throws {
        let world = try world(StubTransport.none, file: "elsewhere.json")
        let text = await errorText(of: ProfileCredentials(world.surroundings))
        #expect(text?.hasSuffix("has no login for the profile \"work\". Run: aws sso login --profile work") == true)
    }

    @Test func aRejectedLoginTellsHowToLogIn() async throws {
        let world = try world(StubTransport(401, #"{"message": "the-sso-token"}"#))
        let text = await errorText(of: ProfileCredentials(world.surroundings))
        #expect(
            text == "IAM Identity Center no longer accepts the login for the profile \"work\". "
                + "Run: aws sso login --profile work")
    }

    @Test func aRefusedRoleNamesItWithoutTheToken() async throws {
        let answer = #"{"__type": "ForbiddenException", "message": "No access with the-sso-token"}"#
        let world = try world(StubTransport(403, answer))
        let text = await errorText(of: ProfileCredentials(world.surroundings))
        #expect(
            text == "IAM Identity Center refused the role Photo Role of account 111122223333: ForbiddenException "
                + "(HTTP 403): No access with (secret). Check sso_account_id and sso_role_name of the profile \"work\"."
        )
    }

    @Test func anythingElseIsAnError() async throws {
        let world = try world(StubTransport(200, #"{"roleCredentials": {"secretAccessKey": "s3cret"}}"#))
        let text = await errorText(of: ProfileCredentials(world.surroundings))
        #expect(text == "IAM Identity Center gave something that is no JSON of credentials.")
    }

    @Test func aTokenThatNoHeaderCanCarryIsNotSent() async throws {
        let transport = StubTransport.none
        let world = try world(transport)
        let cached = #"{"accessToken": "the-sso-token\r\nx: y", "expiresAt": "2025-06-15T15:06:41Z"}"#
        try world.folder.write(Self.sessionFile, Array(cached.utf8))
        let text = try #require(await errorText(of: ProfileCredentials(world.surroundings)))
        #expect(text.contains("holds characters that can't be sent. Write it anew."))
        #expect(!text.contains("the-sso-token"))
        #expect(transport.requests.isEmpty)
    }

    @Test(arguments: ["sso_region", "sso_start_url", "sso_account_id", "sso_role_name"])
    func aMissingSettingIsNamed(_ setting: String) async throws {
        let config = Self.session.split(separator: "\n").filter { !$0.hasPrefix(setting) }.joined(separator: "\n")
        let text = await errorText(of: ProfileCredentials(try world(StubTransport.none, config: config).surroundings))
        #expect(
            text == "The profile \"work\" lacks \(setting) for IAM Identity Center. "
                + "Run: aws configure sso --profile work")
    }

    @Test func aMissingSessionIsNamed() async throws {
        let config = "[profile work]\nsso_session = galerly\n"
        let text = await errorText(of: ProfileCredentials(try world(StubTransport.none, config: config).surroundings))
        #expect(text?.contains("names the sso-session \"galerly\", which is not in the config file. Add it.") == true)
    }
}
