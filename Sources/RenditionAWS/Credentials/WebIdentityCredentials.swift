/// A role for whoever holds a token file that the environment names, as a pod on Amazon EKS does.
///
/// Source: AWS SDKs and Tools Reference Guide, assume role credential provider.
package struct WebIdentityCredentials: CredentialProvider {
    private let surroundings: CredentialSurroundings

    package init(_ surroundings: CredentialSurroundings) { self.surroundings = surroundings }

    package var source: String { "the web identity token" }

    /// - Returns: nil without `AWS_WEB_IDENTITY_TOKEN_FILE`.
    /// - Throws: ``CredentialError`` where the role or the token is missing, or STS refuses; `CancellationError`.
    package func credentials() async throws -> Credentials? {
        guard let file = surroundings.variable("AWS_WEB_IDENTITY_TOKEN_FILE") else { return nil }
        guard let arn = surroundings.variable("AWS_ROLE_ARN") else {
            throw CredentialError(
                "AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not. Set AWS_ROLE_ARN too, or neither.")
        }
        let session = surroundings.variable("AWS_ROLE_SESSION_NAME") ?? AssumedRole.defaultSession
        let token = try await CredentialFile.token(file, setting: "AWS_WEB_IDENTITY_TOKEN_FILE")
        return try await SecurityTokenService(surroundings, region: surroundings.region)
            .assume(AssumedRole(arn: arn, session: session), webIdentityToken: token)
    }
}
