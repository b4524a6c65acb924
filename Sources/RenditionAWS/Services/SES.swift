import NIOHTTP1
import RenditionCore

/// The operations of the Simple Email Service that are used.
///
/// Source: Amazon Simple Email Service API Reference, version 2010-12-01. All members may be called concurrently; they throw
/// ``AWSFailure`` and ``CredentialError``.
package struct SES: Sendable {
    private let client: ServiceClient

    package init(endpoint: Endpoint, context: AWSContext) {
        var context = context
        // SES has no way to tell a repeated request from a new one: whoever tries again decides it knowingly.
        context.maxAttempts = 1
        client = ServiceClient("SES", scope: "ses", endpoint: endpoint, context: context) { response in
            let error = (try? XMLDocument(response.body))?.root["Error"]
            return ServiceClient.ErrorBody(
                code: error?["Code"]?.text ?? String(response.status), message: error?["Message"]?.text ?? "")
        }
    }

    /// Sends a mail once. What fails without an answer (``AWSFailure/mayHaveHappened``) may have been sent all the same.
    func send(_ mail: SessionMail, deadline: Duration) async throws {
        // Its answer says nothing that is needed, and one that can't be read is no refusal.
        _ = try await reply(
            "SendEmail", "a photographer's mail",
            [
                ("Source", mail.from.text), ("Destination.ToAddresses.member.1", mail.to.text),
                ("Message.Subject.Data", mail.subject), ("Message.Subject.Charset", "UTF-8"),
                ("Message.Body.Text.Data", mail.text), ("Message.Body.Text.Charset", "UTF-8"),
                ("Message.Body.Html.Data", mail.html), ("Message.Body.Html.Charset", "UTF-8"),
            ], deadline: deadline)
    }

    /// Whether one of these may be sent from: an address, or the domain of one.
    func isVerified(oneOf identities: [String]) async throws -> Bool {
        let members = identities.enumerated().map { ("Identities.member.\($0 + 1)", $1) }
        let answer = try await call(
            "GetIdentityVerificationAttributes", identities.joined(separator: ", "), members, deadline: .seconds(8))
        let entries = answer["GetIdentityVerificationAttributesResult"]?["VerificationAttributes"]?.children ?? []
        return entries.contains { $0["value"]?["VerificationStatus"]?.text == "Success" }
    }

    /// Has SES ask an address whether it may be sent from.
    package func verify(_ address: String) async throws {
        _ = try await call("VerifyEmailIdentity", address, [("EmailAddress", address)], deadline: .seconds(8))
    }

    private func call(
        _ action: String, _ subject: String, _ parameters: [(name: String, value: String)], deadline: Duration
    ) async throws -> XMLElement {
        let reply = try await reply(action, subject, parameters, deadline: deadline)
        return try XMLDocument(reply.response.body).root
    }

    private func reply(
        _ action: String, _ subject: String, _ parameters: [(name: String, value: String)], deadline: Duration
    ) async throws -> ServiceClient.Reply {
        let all = [("Action", action), ("Version", "2010-12-01")] + parameters
        let form = all.map { "\(PercentEncoding.strict($0))=\(PercentEncoding.strict($1))" }.joined(separator: "&")
        let body = Array(form.utf8)
        let request = WireRequest(
            .POST, client.endpoint, headers: ["content-type": "application/x-www-form-urlencoded"],
            body: .bytes(body))
        return try await client.send(
            ServiceClient.Call(
                operation: action, subject: subject, request: request, payload: .hash(Checksum.sha256(body)),
                deadline: deadline))
    }
}

extension AWSFailure {
    /// What to do about a mail that SES doesn't take.
    func mailRemedy(from: MailAddress, region: String) -> String {
        switch code {
        case "MessageRejected" where message.contains("not verified"):
            "Verify \(from.address) or its domain in SES in \(region). While the account is in SES's sandbox, mails go to "
                + "verified addresses only."
        case "MailFromDomainNotVerified", "MailFromDomainNotVerifiedException":
            "Set up the MAIL FROM domain of \(from.address) in SES in \(region), or remove it there."
        case "AccountSendingPaused", "AccountSendingPausedException":
            "SES has paused the account's sending; its console in \(region) says why."
        case "InvalidParameterValue": "Is the photographer's address in order? SES takes ASCII only."
        case _ where isDenied: "Allow it in IAM: \(missingAction) on identity/*."
        case "Unreachable", "TimedOut", "Broken":
            "SES can't be reached. Check AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_SES and the network."
        case _ where kind == .throttled: "SES's quota is used up. Its console in \(region) raises it."
        default: "SES failed."
        }
    }
}
