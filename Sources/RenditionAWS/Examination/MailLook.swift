import RenditionCore

/// Whether photographers are told by mail, and whether SES takes mails from that address.
struct MailLook: Sendable {
    let ses: SES
    let configuration: AWSConfiguration

    static let subject = "mail"

    func findings() async throws -> [Finding] {
        guard let from = configuration.mail?.from else {
            return [
                Finding(.connection, .good, Self.subject, "photographers aren't told by mail: FROM_EMAIL isn't set")
            ]
        }
        do {
            guard try await ses.isVerified(oneOf: [from.address, from.domain]) else {
                return [
                    Finding(
                        .connection, .bad, Self.subject,
                        "SES in \(configuration.region) doesn't take mails from \(from.address)",
                        remedy:
                            "Verify it or \(from.domain) in SES, as `renditions setup` asks SES to do (in production "
                            + "with --platform).")
                ]
            }
            return [
                Finding(
                    .connection, .good, Self.subject,
                    "SES takes mails from \(from.address); whether from these credentials (ses:SendEmail) shows with the first one"
                )
            ]
        } catch let failure as AWSFailure where failure.isDenied {
            // A worker doesn't need that action.
            return [
                Finding(
                    .connection, .unknown, Self.subject,
                    "whether SES takes mails from \(from.address) couldn't be told: \(failure.missingAction) is denied")
            ]
        } catch let failure as AWSFailure {
            return [
                Finding(
                    .connection, .bad, Self.subject, "\(failure)",
                    remedy: failure.mailRemedy(from: from, region: configuration.region))
            ]
        }
    }
}
