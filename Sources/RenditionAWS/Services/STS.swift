import NIOHTTP1
import RenditionCore

/// The one operation of the Security Token Service that is used with credentials in hand: whose they are.
///
/// Source: AWS Security Token Service API Reference, version 2011-06-15.
package struct STS: Sendable {
    private let client: ServiceClient

    package init(endpoint: Endpoint, context: AWSContext) {
        client = ServiceClient(
            "STS", scope: "sts", endpoint: endpoint, context: context, retry: RetryPolicy(maxAttempts: 1)
        ) { response in
            let error = (try? XMLDocument(response.body))?.root["Error"]
            return ServiceClient.ErrorBody(
                code: error?["Code"]?.text ?? String(response.status), message: error?["Message"]?.text ?? "")
        }
    }

    /// The ARN of whoever signs.
    package func callerIdentity() async throws -> String? {
        let body = Array("Action=GetCallerIdentity&Version=2011-06-15".utf8)
        let request = WireRequest(
            .POST, client.endpoint, headers: ["content-type": "application/x-www-form-urlencoded"],
            body: .bytes(body))
        let reply = try await client.send(
            ServiceClient.Call(
                operation: "GetCallerIdentity", subject: "the caller", request: request,
                payload: .hash(Checksum.sha256(body)), deadline: .seconds(5)))
        return try XMLDocument(reply.response.body).root["GetCallerIdentityResult"]?["Arn"]?.text
    }
}
