import Foundation
import RenditionAWS
import RenditionTestKit
import Testing

@Suite("The chain of credentials")
struct CredentialChainTests {
    /// A world in which every place has some.
    private func fullWorld() throws -> CredentialWorld {
        var world = CredentialWorld()
        world.transport = StubTransport { request in
            switch request.path {
            case "/": WireResponse(200, CredentialAnswers.sts("AssumeRoleWithWebIdentity"))
            case "/latest/api/token": WireResponse(200, "t")
            case "/latest/meta-data/iam/security-credentials/": WireResponse(200, "role")
            default: WireResponse(200, CredentialAnswers.json())
            }
        }
        world.environment = [
            "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ROLE_ARN": "r",
            "AWS_WEB_IDENTITY_TOKEN_FILE": try world.folder.write("token", Array("t".utf8)),
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c",
        ]
        try world.credentials("[default]\naws_access_key_id = A\naws_secret_access_key = s\n")
        return world
    }

    @Test func theFirstPlaceThatHasSomeIsTaken() async throws {
        var world = try fullWorld()
        var sources: [String] = []
        let removed = [
            "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY", "AWS_WEB_IDENTITY_TOKEN_FILE", "",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        ]
        for names in removed {
            sources.append(try await CredentialChain(world.surroundings).resolve().source)
            for name in names.split(separator: " ") { world.environment[String(name)] = nil }
            if names.isEmpty { try world.credentials("") }
        }
        sources.append(try await CredentialChain(world.surroundings).resolve().source)
        #expect(
            sources == [
                "the environment", "the web identity token", "profile \"default\"",
                "the container's credentials endpoint", "the instance's metadata service",
            ])
    }

    @Test func whatIsBrokenIsNotSteppedOver() async throws {
        var world = try fullWorld()
        world.environment["AWS_SECRET_ACCESS_KEY"] = nil
        let chain = CredentialChain(world.surroundings)
        let error = await #expect(throws: CredentialError.self) { try await chain.resolve() }
        #expect(error?.description.contains("AWS_SECRET_ACCESS_KEY") == true)
    }

    @Test func withoutAnyTheErrorTellsWhereItLookedAndWhatToDo() async throws {
        let chain = CredentialChain(CredentialWorld().surroundings)
        let error = await #expect(throws: CredentialError.self) { try await chain.resolve() }
        #expect(
            error?.description == "There are no AWS credentials. They were looked for in the environment, "
                + "the web identity token, profile \"default\", the container's credentials endpoint, "
                + "the instance's metadata service. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, "
                + "or give the machine a role; in a container on EC2 the instance's metadata hop limit must be at "
                + "least 2.")
    }
}
