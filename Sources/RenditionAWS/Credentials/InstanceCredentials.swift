import Foundation
import NIOHTTP1

/// The role of an EC2 instance, from its metadata service in version 2.
///
/// Source: Amazon EC2 User Guide, instance metadata; AWS SDKs and Tools Reference Guide, IMDS credential provider.
package struct InstanceCredentials: CredentialProvider {
    private static let place = "The instance's metadata service"
    private static let endpointName = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
    private static let folder = "/latest/meta-data/iam/security-credentials/"
    /// For each try. It answers within milliseconds where there is one.
    private static let deadline = Duration.seconds(1)

    private let surroundings: CredentialSurroundings

    package init(_ surroundings: CredentialSurroundings) { self.surroundings = surroundings }

    package var source: String { "the instance's metadata service" }

    /// - Returns: nil where it is switched off, nothing answers or the instance has no role.
    /// - Throws: ``CredentialError`` where the service fails; `CancellationError`.
    package func credentials() async throws -> Credentials? {
        if surroundings.variable("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" { return nil }
        let endpoint = try endpoint()
        guard let token = try await token(endpoint) else { return nil }
        guard let list = try await get(Self.folder, endpoint, token) else { return nil }
        let role = String(decoding: list, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init)
        guard let role, let answer = try await get(Self.folder + PercentEncoding.strict(role), endpoint, token) else {
            return nil
        }
        let document = try CredentialDocument.read(answer, from: Self.place)
        if let code = document.code, code != "Success" {
            let word = SecretFilter([token]).line(code)
            throw CredentialError("\(Self.place) has no credentials: \(word). Check the role of the instance.")
        }
        return try document.credentials(from: Self.place)
    }

    private func endpoint() throws -> Endpoint {
        guard let given = surroundings.variable(Self.endpointName) else {
            return Endpoint(scheme: .http, host: "169.254.169.254")
        }
        guard let endpoint = Endpoint(given) else {
            throw CredentialError("\(Self.endpointName) is no endpoint; it must look like http://169.254.169.254.")
        }
        return endpoint
    }

    /// What the other requests are authorised with; nil where no such service is, or it is switched off.
    private func token(_ endpoint: Endpoint) async throws -> String? {
        let request = WireRequest(
            .PUT, endpoint, path: "/latest/api/token", headers: ["x-aws-ec2-metadata-token-ttl-seconds": "21600"])
        // Whatever answers otherwise at this address, on another cloud or behind a proxy, is no such service.
        guard let response = try? await surroundings.send(request, deadline: Self.deadline) else {
            try Task.checkCancellation()
            return nil
        }
        guard response.status < 500 else { throw refusal(response) }
        let token = String(decoding: response.body, as: UTF8.self)
        return response.isSuccess ? try CredentialSurroundings.header(token, of: "\(Self.place)'s token") : nil
    }

    /// nil for what isn't there.
    private func get(_ path: String, _ endpoint: Endpoint, _ token: String) async throws -> [UInt8]? {
        let request = WireRequest(.GET, endpoint, path: path, headers: ["x-aws-ec2-metadata-token": token])
        let response = try await surroundings.ask(Self.place, request, deadline: Self.deadline, hiding: [token])
        if response.status == 404 { return nil }
        guard response.isSuccess else { throw refusal(response, hiding: [token]) }
        return response.body
    }

    private func refusal(_ response: WireResponse, hiding secrets: [String] = []) -> CredentialError {
        let cause = ServiceRefusal(response).words(hiding: secrets)
        return CredentialError(
            "\(Self.place) refused: \(cause). Check the role and the metadata options of the instance.")
    }
}
