import RenditionCore

/// The chosen profile of the shared files: `AWS_PROFILE`, or `default`. The files are read anew each time.
///
/// Source: AWS SDKs and Tools Reference Guide, assume role credential provider.
package struct ProfileCredentials: CredentialProvider {
    private let surroundings: CredentialSurroundings

    package init(_ surroundings: CredentialSurroundings) { self.surroundings = surroundings }

    package var source: String { "profile \"\(surroundings.variable("AWS_PROFILE") ?? "default")\"" }

    /// - Returns: nil without a default profile, or where the chosen one says nothing of credentials.
    /// - Throws: ``CredentialError`` where the files are wrong, `AWS_PROFILE` names a profile that is in neither, or the
    ///   profile's credentials can't be had; `CancellationError`.
    package func credentials() async throws -> Credentials? {
        let (environment, home) = (surroundings.environment, surroundings.home)
        let config = try await CredentialFile.threads.run { try SharedConfig(environment: environment, home: home) }
        let name = config.chosenProfile
        guard config.profile(name) != nil else {
            guard surroundings.variable("AWS_PROFILE") != nil else { return nil }
            throw CredentialError(
                "AWS_PROFILE names the profile \"\(name)\", which is in neither \(config.places). "
                    + "Add it, or name another.")
        }
        return try await Resolution(surroundings: surroundings, config: config, chosen: name).credentials(of: name)
    }
}

/// The way from a profile to credentials, over the profiles it builds on.
private struct Resolution {
    let surroundings: CredentialSurroundings
    let config: SharedConfig
    /// Whose region and endpoint all of the way's calls use.
    let chosen: String

    private var sts: SecurityTokenService {
        SecurityTokenService(
            surroundings, region: surroundings.region ?? config.value("region", profile: chosen),
            profileEndpoint: config.value("endpoint_url", profile: chosen))
    }

    /// - Parameter way: The profiles that led here, the chosen one first.
    /// - Returns: nil where the profile says nothing of credentials.
    func credentials(of name: String, after way: [String] = []) async throws -> Credentials? {
        guard let profile = config.profile(name) else {
            throw CredentialError(
                "The profile \"\(way.last ?? chosen)\" names the source_profile \"\(name)\", which is in neither "
                    + "\(config.places). Add it, or name another.")
        }
        // A role may be asked for with keys that stand in the same profile.
        if way.last == name, let keys = try profile.keys() { return keys }
        guard !way.contains(name) else {
            let loop = (way + [name]).joined(separator: " → ")
            throw CredentialError("The source_profile settings lead in a circle: \(loop). Give one of them keys.")
        }
        switch try profile.means() {
        case nil: return nil
        case .keys(let keys): return keys
        case .role(let role, let base):
            return try await sts.assume(role, with: try await credentials(of: base, for: name, after: way))
        case .webIdentity(let role, let file):
            let token = try await CredentialFile.token(file, setting: "web_identity_token_file")
            return try await sts.assume(role, webIdentityToken: token)
        case .sso(let account):
            return try await SSOCredentials(surroundings: surroundings, profile: name, account: account).credentials()
        case .process(let command):
            return try await CredentialProcess(
                profile: name, command: command, environment: surroundings.environment
            ).credentials()
        }
    }

    private func credentials(of base: RoleBase, for name: String, after way: [String]) async throws -> Credentials {
        let provider: any CredentialProvider
        switch base {
        case .profile(let source):
            if let found = try await credentials(of: source, after: way + [name]) { return found }
            throw CredentialError(
                "The profile \"\(source)\", source_profile of \"\(name)\", holds no credentials. Add some to it.")
        case .environment: provider = EnvironmentCredentials(surroundings)
        case .instance: provider = InstanceCredentials(surroundings)
        case .container: provider = ContainerCredentials(surroundings)
        }
        if let found = try await provider.credentials() { return found }
        throw CredentialError(
            "The profile \"\(name)\" wants credentials of \(provider.source), which has none. "
                + "Change its credential_source.")
    }
}
