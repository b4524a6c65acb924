import Foundation
import NIOHTTP1
import RenditionAWS
import RenditionTestKit
import Testing

@Suite("Credentials of a profile")
struct CredentialProfileTests {
    private static let keys = "aws_access_key_id = AKIABASE\naws_secret_access_key = s3cret\n"

    private func provider(_ world: CredentialWorld, _ profile: String? = "work") -> ProfileCredentials {
        var world = world
        world.environment["AWS_PROFILE"] = profile
        return ProfileCredentials(world.surroundings)
    }

    @Test func keysAreTaken() async throws {
        let world = CredentialWorld()
        try world.credentials("[work]\n\(Self.keys)aws_session_token = t\n")
        let found = try await provider(world).credentials()
        #expect(found == Credentials(accessKeyID: "AKIABASE", secretAccessKey: "s3cret", sessionToken: "t"))
        #expect(provider(world).source == "profile \"work\"")
    }

    @Test func withoutAChoiceItIsTheDefault() async throws {
        let world = CredentialWorld()
        try world.credentials("[default]\n\(Self.keys)")
        #expect(try await provider(world, nil).credentials()?.accessKeyID == "AKIABASE")
        #expect(provider(world, nil).source == "profile \"default\"")
    }

    @Test func withoutADefaultThereAreNone() async throws {
        #expect(try await provider(CredentialWorld(), nil).credentials() == nil)
    }

    @Test func aProfileOfARegionOnlyHasNone() async throws {
        let world = CredentialWorld()
        try world.config("[profile work]\nregion = eu-west-1\n")
        #expect(try await provider(world).credentials() == nil)
    }

    @Test func aRoleIsAssumedWithTheKeysOfItsSource() async throws {
        let transport = StubTransport(200, CredentialAnswers.sts("AssumeRole"))
        let world = CredentialWorld(transport: transport)
        try world.config(
            """
            [profile work]
            role_arn = arn:aws:iam::1:role/photos
            source_profile = base
            external_id = galerly/1
            role_session_name = worker
            duration_seconds = 900
            region = eu-central-1
            """)
        try world.credentials("[base]\n\(Self.keys)")
        #expect(try await provider(world).credentials() == CredentialAnswers.credentials)
        let request = try #require(transport.requests.first)
        #expect(request.url == "https://sts.eu-central-1.amazonaws.com/")
        #expect(request.headers.first(name: "authorization") == "AKIABASE/eu-central-1/sts")
        #expect(
            request.form == [
                "Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": "arn:aws:iam::1:role/photos",
                "RoleSessionName": "worker", "ExternalId": "galerly/1", "DurationSeconds": "900",
            ])
    }

    @Test func rolesMayBuildOnRoles() async throws {
        let transport = StubTransport { request in
            let key = request.form["RoleArn"] == "first" ? "ASIAFIRST" : "ASIASECOND"
            let answer = CredentialAnswers.sts("AssumeRole").replacing("ASIAANSWER", with: key)
            return WireResponse(200, answer)
        }
        let world = CredentialWorld(transport: transport)
        try world.config(
            """
            [profile work]
            role_arn = second
            source_profile = middle
            [profile middle]
            role_arn = first
            source_profile = middle
            \(Self.keys)
            """)
        #expect(try await provider(world).credentials()?.accessKeyID == "ASIASECOND")
        let signers = transport.requests.map { $0.headers.first(name: "authorization") }
        #expect(signers == ["AKIABASE/us-east-1/sts", "ASIAFIRST/us-east-1/sts"])
    }

    @Test func theChosenRegionGoesBeforeTheProfiles() async throws {
        let transport = StubTransport(200, CredentialAnswers.sts("AssumeRole"))
        let world = CredentialWorld(transport: transport, region: "us-west-2")
        try world.config("[profile work]\nregion = a\nrole_arn = r\nsource_profile = work\n\(Self.keys)")
        _ = try await provider(world).credentials()
        #expect(transport.requests.first?.url == "https://sts.us-west-2.amazonaws.com/")
    }

    @Test func theProfilesEndpointIsUsed() async throws {
        let transport = StubTransport(200, CredentialAnswers.sts("AssumeRole"))
        let world = CredentialWorld(transport: transport)
        try world.config("[profile work]\nendpoint_url = http://h:1\nrole_arn = r\nsource_profile = work\n\(Self.keys)")
        _ = try await provider(world).credentials()
        #expect(transport.requests.first?.url == "http://h:1/")
    }

    @Test func aRoleMayBeAssumedWithTheEnvironmentsKeys() async throws {
        let transport = StubTransport(200, CredentialAnswers.sts("AssumeRole"))
        let world = CredentialWorld(
            environment: ["AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s"], transport: transport)
        try world.config("[profile work]\nrole_arn = r\ncredential_source = Environment\n")
        #expect(try await provider(world).credentials() == CredentialAnswers.credentials)
        #expect(transport.requests.first?.headers.first(name: "authorization") == "AKIAENV/us-east-1/sts")
    }

    @Test(arguments: ["Ec2InstanceMetadata", "EcsContainer"])
    func aRoleMayBeAssumedWithTheMachinesRole(_ place: String) async throws {
        let transport = StubTransport { request in
            switch request.path {
            case "/": WireResponse(200, CredentialAnswers.sts("AssumeRole"))
            case "/latest/api/token": WireResponse(200, "t")
            case "/latest/meta-data/iam/security-credentials/": WireResponse(200, "machine")
            default: WireResponse(200, CredentialAnswers.json().replacing("ASIAANSWER", with: "ASIAMACHINE"))
            }
        }
        let world = CredentialWorld(
            environment: ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"], transport: transport)
        try world.config("[profile work]\nrole_arn = r\ncredential_source = \(place)\n")
        #expect(try await provider(world).credentials() == CredentialAnswers.credentials)
        #expect(transport.requests.last?.headers.first(name: "authorization") == "ASIAMACHINE/us-east-1/sts")
    }

    @Test func aTokenFileInTheProfileIsExchanged() async throws {
        let transport = StubTransport(200, CredentialAnswers.sts("AssumeRoleWithWebIdentity"))
        let world = CredentialWorld(transport: transport)
        let file = try world.folder.write("token", Array("the-web-token".utf8))
        try world.config("[profile work]\nrole_arn = r\nweb_identity_token_file = \(file)\n")
        #expect(try await provider(world).credentials() == CredentialAnswers.credentials)
        #expect(transport.requests.first?.form["WebIdentityToken"] == "the-web-token")
    }

    @Test(arguments: [
        ("[profile other]\nregion = x", "AWS_PROFILE names the profile \"work\", which is in neither"),
        ("[profile work]\naws_access_key_id = a", "has aws_access_key_id and no aws_secret_access_key. Add the other"),
        (
            "[profile work]\naws_secret_access_key = s3cret",
            "has aws_secret_access_key and no aws_access_key_id. Add the"
        ),
        ("[profile work]\nrole_arn = r", "has a role_arn and nobody to ask for it. Add source_profile."),
        ("[profile work]\nrole_arn = r\nsource_profile = x", "names the source_profile \"x\", which is in neither"),
        ("[profile work]\nrole_arn = r\nsource_profile = x\n[profile x]\nregion = y", "holds no credentials. Add some"),
        ("[profile work]\nrole_arn = r\nsource_profile = x\ncredential_source = Environment", "Remove one of them."),
        ("[profile work]\nrole_arn = r\ncredential_source = Moon", "other than Environment, Ec2InstanceMetadata and"),
        (
            "[profile work]\nrole_arn = r\ncredential_source = Environment",
            "wants credentials of the environment, which has"
        ),
        ("[profile work]\nrole_arn = r\nsource_profile = x\nmfa_serial = m", "Use a role without MFA."),
        (
            "[profile work]\nrole_arn = r\nsource_profile = x\nduration_seconds = 10",
            "no number of 900–43200. Correct it."
        ),
        (
            "[profile work]\nrole_arn = r\nsource_profile = work",
            "lead in a circle: work → work. Give one of them keys."
        ),
        (
            "[profile work]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = work",
            "lead in a circle: work → b → work. Give one of them keys."
        ),
    ])
    func whatIsWrongIsToldWithTheRemedy(_ config: String, _ words: String) async throws {
        let world = CredentialWorld()
        try world.config(config)
        let text = try #require(await errorText(of: provider(world)))
        #expect(text.contains(words), "\(text)")
        #expect(!text.contains("s3cret"))
    }

    /// AWS quotes the signed headers, of which one is the token, in the lines after the first.
    @Test func aRefusedSignatureLeaksNoToken() async throws {
        let answer = """
            <ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>The signature does not match.

            x-amz-security-token:the-session-token</Message></Error></ErrorResponse>
            """
        let world = CredentialWorld(transport: StubTransport(403, answer))
        try world.config(
            "[profile work]\nrole_arn = r\nsource_profile = work\n\(Self.keys)aws_session_token = the-session-token\n")
        let text = try #require(await errorText(of: provider(world)))
        #expect(text.contains("SignatureDoesNotMatch (HTTP 403): The signature does not match. Check the role's"))
        #expect(!text.contains("the-session-token"))
    }
}
