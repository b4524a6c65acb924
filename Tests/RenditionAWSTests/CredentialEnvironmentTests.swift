import RenditionAWS
import Testing

@Suite("Credentials in the environment")
struct CredentialEnvironmentTests {
    private func provider(_ environment: [String: String]) -> EnvironmentCredentials {
        EnvironmentCredentials(CredentialWorld(environment: environment).surroundings)
    }

    @Test func allThreeVariablesAreRead() async throws {
        let found = try await provider([
            "AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "s3cret\n", "AWS_SESSION_TOKEN": "t",
        ]).credentials()
        #expect(found == Credentials(accessKeyID: "AKIA1", secretAccessKey: "s3cret", sessionToken: "t"))
    }

    @Test(arguments: [[:], ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""], ["AWS_SESSION_TOKEN": "t"]])
    func withoutKeysThereAreNone(_ environment: [String: String]) async throws {
        #expect(try await provider(environment).credentials() == nil)
    }

    @Test(arguments: [
        ("AWS_ACCESS_KEY_ID", "Set AWS_SECRET_ACCESS_KEY too"), ("AWS_SECRET_ACCESS_KEY", "Set AWS_ACCESS_KEY_ID too"),
    ])
    func halfOfAPairNamesTheOther(_ present: String, _ remedy: String) async throws {
        let text = try #require(await errorText(of: provider([present: "s3cret"])))
        #expect(text.contains(remedy))
        #expect(!text.contains("s3cret"))
    }
}
