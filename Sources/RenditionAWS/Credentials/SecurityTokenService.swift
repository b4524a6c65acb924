import NIOHTTP1

/// A role to be assumed.
struct AssumedRole: Sendable {
    static let defaultSession = "galerly-renditions"

    var arn: String
    /// What CloudTrail names the session.
    var session = AssumedRole.defaultSession
    var externalID: String?
    /// In seconds, 900–43200; nil for the service's own, an hour.
    var duration: Int?
}

/// AWS STS, as far as credentials need it. May be used concurrently.
///
/// Source: AWS Security Token Service API Reference, AssumeRole and AssumeRoleWithWebIdentity.
struct SecurityTokenService: Sendable {
    private static let place = "AWS STS"

    private let surroundings: CredentialSurroundings
    private let region: String?
    private let profileEndpoint: String?

    /// - Parameters:
    ///   - region: nil for the global endpoint, which is signed for `us-east-1`.
    ///   - profileEndpoint: The profile's `endpoint_url`, which the environment goes before.
    init(_ surroundings: CredentialSurroundings, region: String?, profileEndpoint: String? = nil) {
        self.surroundings = surroundings
        self.region = region
        self.profileEndpoint = profileEndpoint
    }

    func assume(_ role: AssumedRole, with credentials: Credentials) async throws -> Credentials {
        let request = try surroundings.sign(
            try request("AssumeRole", role), credentials, region ?? "us-east-1", "sts")
        let secrets = [credentials.secretAccessKey, credentials.sessionToken ?? ""]
        return try await answer(to: request, "AssumeRole", role, hiding: secrets)
    }

    /// The token stands for a signature, so that the call has none.
    func assume(_ role: AssumedRole, webIdentityToken token: String) async throws -> Credentials {
        let action = "AssumeRoleWithWebIdentity"
        let request = try request(action, role, more: [("WebIdentityToken", token)])
        return try await answer(to: request, action, role, hiding: [token])
    }

    private func request(
        _ action: String, _ role: AssumedRole, more: [(String, String)] = []
    ) throws -> WireRequest {
        var form = [
            ("Action", action), ("Version", "2011-06-15"), ("RoleArn", role.arn), ("RoleSessionName", role.session),
        ]
        if let id = role.externalID { form.append(("ExternalId", id)) }
        if let duration = role.duration { form.append(("DurationSeconds", "\(duration)")) }
        let body = (form + more).map { "\($0)=\(PercentEncoding.strict($1))" }.joined(separator: "&")
        return WireRequest(
            .POST, try endpoint(),
            headers: ["content-type": "application/x-www-form-urlencoded; charset=utf-8"],
            body: .bytes(Array(body.utf8)))
    }

    private func endpoint() throws -> Endpoint {
        for (name, value) in [
            ("AWS_ENDPOINT_URL_STS", surroundings.variable("AWS_ENDPOINT_URL_STS")),
            ("AWS_ENDPOINT_URL", surroundings.variable("AWS_ENDPOINT_URL")),
            ("The profile's endpoint_url", profileEndpoint),
        ] {
            guard let value else { continue }
            guard let endpoint = Endpoint(value) else {
                throw CredentialError("\(name) is no endpoint; it must look like https://sts.example.com:443.")
            }
            return endpoint
        }
        return Endpoint(host: region.map { "sts.\($0).amazonaws.com" } ?? "sts.amazonaws.com")
    }

    private func answer(
        to request: WireRequest, _ action: String, _ role: AssumedRole, hiding secrets: [String]
    ) async throws -> Credentials {
        let response = try await surroundings.ask(Self.place, request, hiding: secrets)
        guard response.isSuccess else {
            let cause = ServiceRefusal(response).words(hiding: secrets)
            throw CredentialError(
                "AWS STS refused to hand out the role \(role.arn): \(cause). "
                    + "Check the role's trust policy and the identity that asks for it.")
        }
        guard let root = try? XMLDocument(response.body).root else {
            throw CredentialError("\(Self.place) gave something that is no XML.")
        }
        let told = root["\(action)Result"]?["Credentials"]
        return try Credentials(
            accessKeyID: told?["AccessKeyId"]?.text, secretAccessKey: told?["SecretAccessKey"]?.text,
            sessionToken: told?["SessionToken"]?.text, expiration: told?["Expiration"]?.text, from: Self.place)
    }
}
