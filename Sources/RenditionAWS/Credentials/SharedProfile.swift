/// How a profile comes by its credentials.
enum ProfileMeans: Sendable {
    case keys(Credentials)
    case role(AssumedRole, base: RoleBase)
    case webIdentity(AssumedRole, tokenFile: String)
    case sso(SSOAccount)
    /// A command for the shell.
    case process(String)
}

/// Whose credentials ask for a role.
enum RoleBase: Sendable {
    case profile(String)
    case environment, instance, container
}

/// What IAM Identity Center is asked for.
struct SSOAccount: Sendable {
    /// The session's name, or the start URL where there is no session. The cached token's file is named after it.
    var tokenKey: String
    var region: String
    var accountID: String
    var roleName: String
}

/// One profile's settings, with a meaning. Its secrets appear in no description.
///
/// Source: AWS SDKs and Tools Reference Guide, settings reference.
struct SharedProfile: Sendable {
    let name: String
    private let settings: [String: String]
    private let session: (name: String, settings: [String: String]?)?

    /// - Parameter session: The `sso-session` that the profile names, without settings where there is none.
    init(name: String, settings: [String: String], session: (name: String, settings: [String: String]?)?) {
        self.name = name
        self.settings = settings
        self.session = session
    }

    private subscript(_ setting: String) -> String? { settings[setting].flatMap { $0.isEmpty ? nil : $0 } }

    /// nil where the profile says nothing of credentials. Where it says more than one thing, a role goes before IAM
    /// Identity Center, that before keys and keys before a process, as in the AWS CLI.
    ///
    /// - Throws: ``CredentialError`` where something is missing or can't be.
    func means() throws -> ProfileMeans? {
        if let arn = self["role_arn"] { return try role(arn) }
        if let account = try ssoAccount() { return .sso(account) }
        if let keys = try keys() { return .keys(keys) }
        return self["credential_process"].map(ProfileMeans.process)
    }

    /// The profile's own keys.
    func keys() throws -> Credentials? {
        switch (self["aws_access_key_id"], self["aws_secret_access_key"]) {
        case (nil, nil): return nil
        case (nil, _): throw error("has aws_secret_access_key and no aws_access_key_id. Add the other half.")
        case (_, nil): throw error("has aws_access_key_id and no aws_secret_access_key. Add the other half.")
        case (let key?, let secret?):
            return Credentials(accessKeyID: key, secretAccessKey: secret, sessionToken: self["aws_session_token"])
        }
    }

    private func role(_ arn: String) throws -> ProfileMeans {
        if self["mfa_serial"] != nil {
            throw error("wants a code of its mfa_serial, which nobody is there to type. Use a role without MFA.")
        }
        var role = AssumedRole(arn: arn, externalID: self["external_id"])
        if let session = self["role_session_name"] { role.session = session }
        if let text = self["duration_seconds"] {
            guard let seconds = Int(text), (900...43200).contains(seconds) else {
                throw error("has a duration_seconds that is no number of 900–43200. Correct it.")
            }
            role.duration = seconds
        }
        if let file = self["web_identity_token_file"] { return .webIdentity(role, tokenFile: file) }
        switch (self["source_profile"], self["credential_source"]) {
        case (let name?, nil): return .role(role, base: .profile(name))
        case (nil, "Environment"): return .role(role, base: .environment)
        case (nil, "Ec2InstanceMetadata"): return .role(role, base: .instance)
        case (nil, "EcsContainer"): return .role(role, base: .container)
        case (nil, nil): throw error("has a role_arn and nobody to ask for it. Add source_profile.")
        case (nil, _):
            throw error("has a credential_source other than Environment, Ec2InstanceMetadata and EcsContainer.")
        default: throw error("has both source_profile and credential_source. Remove one of them.")
        }
    }

    private func ssoAccount() throws -> SSOAccount? {
        guard self["sso_session"] != nil || self["sso_start_url"] != nil || self["sso_account_id"] != nil else {
            return nil
        }
        if let session, session.settings == nil {
            throw error("names the sso-session \"\(session.name)\", which is not in the config file. Add it.")
        }
        func needed(_ setting: String) throws -> String {
            guard let value = session?.settings?[setting] ?? self[setting], !value.isEmpty else {
                throw error("lacks \(setting) for IAM Identity Center. Run: aws configure sso --profile \(name)")
            }
            return value
        }
        let startURL = try needed("sso_start_url")
        return SSOAccount(
            tokenKey: session?.name ?? startURL, region: try needed("sso_region"),
            accountID: try needed("sso_account_id"), roleName: try needed("sso_role_name"))
    }

    private func error(_ words: String) -> CredentialError { CredentialError("The profile \"\(name)\" \(words)") }
}

extension SharedProfile: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    var description: String { "the profile \"\(name)\"" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}
