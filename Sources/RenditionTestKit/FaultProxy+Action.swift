import NIOCore
import NIOHTTP1

extension FaultProxy {
    /// A request that reached the proxy.
    package struct Seen: Sendable {
        package var method: String
        /// With its query, as it came.
        package var path: String
        /// The operation that `X-Amz-Target` names, such as `UpdateItem`.
        package var target: String?
        /// The first 64 KB as text; empty in ``FaultProxy/requests``.
        package var body: String
        /// Counts the clients' connections from 1.
        package var connection: Int
        /// The client's own port.
        package var port: Int
        /// What it is counted as: `DynamoDB.UpdateItem`, `DynamoDBStreams.GetRecords`, `S3.PUT`,
        /// `STS.AssumeRoleWithWebIdentity`.
        package var name: String
    }

    /// What the proxy does with a request. Where nothing else is said, the upstream's answer goes to the client.
    package enum Action: Sendable {
        case pass
        /// Forwards it, waits for the whole answer, and closes the client's connection without a byte of it.
        case dropReply
        /// Closes the client's connection without forwarding.
        case refuse
        /// Answers itself without forwarding.
        case answer(status: Int, headers: [String: String] = [:], body: String = "")
        /// Forwards it, passes the head of the answer with its true length but only the first so many bytes of its
        /// body, and closes the connection.
        case cutBody(after: Int)
        /// Flips a bit in the middle of the answer's body.
        case corruptBody
        /// Waits before it forwards. What a client sent is forwarded even if it gave up waiting.
        case delay(Duration)
        /// The same, until the closure returns.
        case hold(@Sendable () async -> Void)
    }
}

extension FaultProxy.Seen {
    init(_ request: HTTPExchange.Request, connection: Int, port: Int) {
        let target = request.head.headers.first(name: "x-amz-target")
        self.init(
            method: request.head.method.rawValue, path: request.head.uri,
            target: target?.split(separator: ".").last.map(String.init),
            body: String(decoding: request.body.readableBytesView.prefix(65536), as: UTF8.self),
            connection: connection, port: port, name: "")
        name = name(target, request.head.headers)
    }

    /// DynamoDB's requests name their API's version and the operation, STS's have it in a form, and S3's in their method.
    private func name(_ target: String?, _ headers: HTTPHeaders) -> String {
        if let target {
            let parts = target.split(separator: ".", maxSplits: 1)
            return "\(parts.first?.split(separator: "_").first ?? "").\(parts.last ?? "")"
        }
        let isForm = headers.first(name: "content-type")?.hasPrefix("application/x-www-form-urlencoded") ?? false
        let action = isForm ? body.split(separator: "&").first { $0.hasPrefix("Action=") } : nil
        // An authorization's scope ends with the region, the service and a fixed word.
        let scope = headers.first(name: "authorization")?.split(separator: ",").first?.split(separator: "/") ?? []
        let service = scope.count >= 3 ? scope[scope.count - 2].uppercased() : action == nil ? "S3" : "STS"
        return "\(service).\(action?.dropFirst(7) ?? method[...])"
    }
}
