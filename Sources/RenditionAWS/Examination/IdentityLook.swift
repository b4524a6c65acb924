import Foundation
import RenditionCore

/// Who one is to the services: where the credentials come from, and whether they are accepted.
struct IdentityLook: Sendable {
    let services: AWSServices
    let configuration: AWSConfiguration

    private static let subject = "credentials"

    func findings() async throws -> [Finding] {
        let key: Credentials
        let source: String
        do {
            (key, source) = try await services.context.credentials.current()
        } catch let error as CredentialError {
            return [bad("there are none that can be used", error.description)]
        }
        do {
            let identity = try await identity() ?? "key \(key.accessKeyID)"
            let expiry = key.expiration.map { ", until \(Timestamp($0).iso8601)" } ?? ""
            return [Finding(.connection, .good, Self.subject, "\(identity) from \(source)\(expiry)")]
        } catch let failure as AWSFailure {
            let name = "key \(key.accessKeyID) from \(source)"
            let known = failure.renditionError
            if failure.isExpiredToken { return [bad("\(name) have expired", "Renew them.")] }
            if failure.mayBeSkew,
                ["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"].contains(failure.code)
            {
                return [bad("\(name): the signature's time is refused (\(failure.code))", "Set this machine's clock.")]
            }
            return [bad("\(name) are refused: \(failure.code)", known.message)]
        }
    }

    /// What the Security Token Service says, or nothing where DynamoDB at least takes the key.
    private func identity() async throws -> String? {
        do {
            return try await services.sts.callerIdentity()
        } catch let failure as AWSFailure where !failure.isAboutKeys {
            // Not every emulator has it, nor every network a way there.
            do {
                _ = try await services.dynamo.describe(configuration.tables.jobs)
            } catch let failure as AWSFailure where !failure.isAboutKeys {}
            return nil
        }
    }

    private func bad(_ text: String, _ remedy: String) -> Finding {
        Finding(.connection, .bad, Self.subject, text, remedy: remedy)
    }
}

extension AWSFailure {
    /// Whether the key, its secret, its token or its time is what was refused.
    fileprivate var isAboutKeys: Bool {
        isExpiredToken || mayBeSkew
            || ["InvalidAccessKeyId", "UnrecognizedClientException", "InvalidClientTokenId", "IncompleteSignature"]
                .contains(code)
    }
}
