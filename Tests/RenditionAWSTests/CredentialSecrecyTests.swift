import Foundation
import RenditionAWS
import RenditionTestKit
import Testing

/// Whatever holds credentials may end in a log by mistake.
@Suite("Secrets stay secret")
struct CredentialSecrecyTests {
    private static let secrets = ["s3cret", "t0ken"]
    private static let credentials = Credentials(accessKeyID: "A", secretAccessKey: "s3cret", sessionToken: "t0ken")

    private let surroundings = CredentialWorld(
        environment: ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s3cret", "AWS_SESSION_TOKEN": "t0ken"]
    ).surroundings

    /// Everything that Swift makes of a value without being told how.
    private func texts(of value: Any) -> [String] {
        var dumped = ""
        dump(value, to: &dumped)
        return [String(describing: value), String(reflecting: value), "\([value])", "\(["k": value])", dumped]
    }

    private func expectNoSecret(in value: Any) {
        for text in texts(of: value) {
            #expect(!Self.secrets.contains { text.contains($0) }, "\(type(of: value)) tells a secret")
        }
    }

    @Test func ofCredentials() { expectNoSecret(in: Self.credentials) }

    @Test func ofSurroundingsAndProviders() {
        let values: [Any] = [
            surroundings, EnvironmentCredentials(surroundings), WebIdentityCredentials(surroundings),
            ProfileCredentials(surroundings), ContainerCredentials(surroundings), InstanceCredentials(surroundings),
            CredentialChain(surroundings),
        ]
        for value in values { expectNoSecret(in: value) }
    }

    @Test func ofTheSharedFiles() throws {
        let world = CredentialWorld()
        try world.credentials("[default]\naws_secret_access_key = s3cret\naws_session_token = t0ken\n")
        expectNoSecret(in: try SharedConfig(environment: [:], home: world.folder.path))
    }

    @Test func ofACacheThatHoldsSome() async throws {
        let cache = CredentialCache(CredentialChain(surroundings))
        _ = try await cache.current()
        expectNoSecret(in: cache)
    }

    @Test func ofACredentialProcess() {
        expectNoSecret(in: CredentialProcess(profile: "p", command: "echo s3cret", environment: ["X": "t0ken"]))
    }
}
