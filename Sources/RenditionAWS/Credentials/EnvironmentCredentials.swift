/// Keys in environment variables.
///
/// Source: AWS SDKs and Tools Reference Guide, AWS access keys.
package struct EnvironmentCredentials: CredentialProvider {
    private let surroundings: CredentialSurroundings

    package init(_ surroundings: CredentialSurroundings) { self.surroundings = surroundings }

    package var source: String { "the environment" }

    /// - Throws: ``CredentialError`` for half of a pair.
    package func credentials() async throws -> Credentials? {
        let (keyName, secretName) = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        switch (surroundings.variable(keyName), surroundings.variable(secretName)) {
        case (nil, nil): return nil
        case (nil, _): throw Self.half(keyName, of: secretName)
        case (_, nil): throw Self.half(secretName, of: keyName)
        case (let key?, let secret?):
            return Credentials(
                accessKeyID: key, secretAccessKey: secret, sessionToken: surroundings.variable("AWS_SESSION_TOKEN"))
        }
    }

    private static func half(_ missing: String, of present: String) -> CredentialError {
        CredentialError("\(present) is set and \(missing) is not. Set \(missing) too, or neither.")
    }
}
