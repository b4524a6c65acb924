import Foundation
import NIOCore
import NIOHTTP1

/// The role of a task on Amazon ECS or of a pod with EKS Pod Identity, from the agent beside it.
///
/// Source: AWS SDKs and Tools Reference Guide, container credential provider.
package struct ContainerCredentials: CredentialProvider {
    private static let place = "The container's credentials endpoint"
    private static let relativeName = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    private static let fullName = "AWS_CONTAINER_CREDENTIALS_FULL_URI"

    private let surroundings: CredentialSurroundings

    package init(_ surroundings: CredentialSurroundings) { self.surroundings = surroundings }

    package var source: String { "the container's credentials endpoint" }

    /// - Returns: nil where no variable names an endpoint.
    /// - Throws: ``CredentialError`` where the endpoint is not allowed, can't be reached or refuses; `CancellationError`.
    package func credentials() async throws -> Credentials? {
        guard var request = try request() else { return nil }
        let token = try await token()
        if let token { request.headers.add(name: "authorization", value: token) }
        let secrets = [token ?? ""]
        let response = try await surroundings.ask(Self.place, request, deadline: .seconds(5), hiding: secrets)
        guard response.isSuccess else {
            let cause = ServiceRefusal(response).words(hiding: secrets)
            throw CredentialError("\(Self.place) refused: \(cause). Check the role of the task or the pod.")
        }
        return try CredentialDocument.read(response.body, from: Self.place).credentials(from: Self.place)
    }

    private func request() throws -> WireRequest? {
        if let relative = surroundings.variable(Self.relativeName) {
            guard relative.hasPrefix("/"), let request = Self.request("http://169.254.170.2\(relative)") else {
                throw CredentialError("\(Self.relativeName) is no path; it must begin with a slash.")
            }
            return request
        }
        guard let full = surroundings.variable(Self.fullName) else { return nil }
        guard let request = Self.request(full) else {
            throw CredentialError("\(Self.fullName) is no URL; it must look like http://169.254.170.23/v1/credentials.")
        }
        guard request.endpoint.scheme == .https || Self.isLocal(request.endpoint.host) else {
            throw CredentialError(
                "\(Self.fullName) leads over plain HTTP to another machine. It must begin with https, or name this "
                    + "machine, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23].")
        }
        return request
    }

    private static func request(_ url: String) -> WireRequest? {
        guard let parts = URLComponents(string: url), let host = parts.host, let scheme = parts.scheme,
            parts.user == nil, parts.fragment == nil
        else { return nil }
        let bracketed = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        let port = parts.port.map { ":\($0)" } ?? ""
        guard let endpoint = Endpoint("\(scheme)://\(bracketed)\(port)") else { return nil }
        let path = parts.percentEncodedPath
        return WireRequest(
            .GET, endpoint, path: path.isEmpty ? "/" : path,
            query: (parts.queryItems ?? []).map { ($0.name, $0.value ?? "") }, headers: ["accept": "application/json"])
    }

    /// Whether plain HTTP to that host leaves neither the machine nor the link to its agent.
    private static func isLocal(_ host: String) -> Bool {
        let bare = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        if bare.lowercased() == "localhost" { return true }
        // The system writes each address in one way only.
        guard let address = try? SocketAddress(ipAddress: bare, port: 0).ipAddress else { return false }
        return address.hasPrefix("127.")
            || ["::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"].contains(address)
    }

    /// What the endpoint is to be authorised with. The file goes first, since its token is renewed.
    private func token() async throws -> String? {
        let (fileName, name) = ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN")
        if let file = surroundings.variable(fileName) {
            let token = try await CredentialFile.token(file, setting: fileName)
            return try CredentialSurroundings.header(token, of: "The token in \(file)")
        }
        return try surroundings.variable(name).map { try CredentialSurroundings.header($0, of: name) }
    }
}
