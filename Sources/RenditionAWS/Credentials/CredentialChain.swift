/// All places where credentials come from, in their order. A value.
package struct CredentialChain: Sendable {
    private let providers: [any CredentialProvider]

    package init(_ providers: [any CredentialProvider]) { self.providers = providers }

    /// The environment, a web identity, the profile, the container, the instance.
    package init(_ surroundings: CredentialSurroundings) {
        self.init([
            EnvironmentCredentials(surroundings), WebIdentityCredentials(surroundings),
            ProfileCredentials(surroundings), ContainerCredentials(surroundings), InstanceCredentials(surroundings),
        ])
    }

    /// The credentials of the first place that has some.
    ///
    /// - Throws: ``CredentialError`` of the first place that should have some and doesn't, since another identity than
    ///   the intended one must not step in; and where no place has any. `CancellationError`.
    package func resolve() async throws -> (Credentials, source: String) {
        for provider in providers {
            if let credentials = try await provider.credentials() { return (credentials, provider.source) }
        }
        throw CredentialError(
            "There are no AWS credentials. They were looked for in \(providers.map(\.source).joined(separator: ", ")). "
                + "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine a role; in a "
                + "container on EC2 the instance's metadata hop limit must be at least 2.")
    }
}
