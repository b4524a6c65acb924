import Crypto
import Foundation
import NIOHTTP1
import RenditionCore

/// A role's credentials from IAM Identity Center, for the token that `aws sso login` left behind.
///
/// The token is not refreshed: that is the login's affair.
///
/// Source: AWS SDKs and Tools Reference Guide, IAM Identity Center credential provider.
struct SSOCredentials: Sendable {
    private static let place = "IAM Identity Center"

    let surroundings: CredentialSurroundings
    /// The profile, for the remedy.
    let profile: String
    let account: SSOAccount

    private struct CachedToken: Decodable {
        let accessToken: String
        let expiresAt: String
    }

    private struct Answer: Decodable {
        struct Role: Decodable {
            let accessKeyId: String
            let secretAccessKey: String
            let sessionToken: String
            /// In milliseconds since 1970.
            let expiration: Int64
        }
        let roleCredentials: Role
    }

    /// - Throws: ``CredentialError`` where nobody is logged in or the portal refuses; `CancellationError`.
    func credentials() async throws -> Credentials {
        let token = try await token()
        let request = WireRequest(
            .GET, Endpoint(host: "portal.sso.\(account.region).amazonaws.com"), path: "/federation/credentials",
            query: [("account_id", account.accountID), ("role_name", account.roleName)],
            headers: ["x-amz-sso_bearer_token": token])
        let response = try await surroundings.ask(Self.place, request, hiding: [token])
        guard response.status != 401 else { throw login("no longer accepts the login") }
        guard response.isSuccess else {
            let cause = ServiceRefusal(response).words(hiding: [token])
            throw CredentialError(
                "\(Self.place) refused the role \(account.roleName) of account \(account.accountID): \(cause). "
                    + "Check sso_account_id and sso_role_name of the profile \"\(profile)\".")
        }
        guard let role = try? JSONDecoder().decode(Answer.self, from: Data(response.body)).roleCredentials else {
            throw CredentialError("\(Self.place) gave something that is no JSON of credentials.")
        }
        return Credentials(
            accessKeyID: role.accessKeyId, secretAccessKey: role.secretAccessKey, sessionToken: role.sessionToken,
            expiration: Date(timeIntervalSince1970: Double(role.expiration) / 1000))
    }

    private func token() async throws -> String {
        let digest = Insecure.SHA1.hash(data: Data(account.tokenKey.utf8))
        let name = digest.map { String(format: "%02x", $0) }.joined()
        let path = "\(surroundings.home)/.aws/sso/cache/\(name).json"
        guard let text = try await CredentialFile.threads.run({ try CredentialFile.text(path) }),
            let cached = try? JSONDecoder().decode(CachedToken.self, from: Data(text.utf8)),
            let expiration = ExpirationDate.parse(cached.expiresAt)
        else { throw login("has no login") }
        guard expiration > surroundings.now() else { throw login("has a login that has expired") }
        return try CredentialSurroundings.header(cached.accessToken, of: "The token in \(path)")
    }

    private func login(_ words: String) -> CredentialError {
        CredentialError(
            "\(Self.place) \(words) for the profile \"\(profile)\". Run: aws sso login --profile \(profile)")
    }
}
