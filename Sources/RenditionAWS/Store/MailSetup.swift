import RenditionCore

/// Has SES ask the address that mails come from whether it agrees, where SES doesn't take mails from it yet.
struct MailSetup: Sendable {
    let ses: SES
    let region: String
    let isDry: Bool
    let tell: @Sendable (String) -> Void

    /// What SES refuses is told; nothing else waits for it.
    func run(_ from: MailAddress) async throws {
        do {
            try await verify(from)
        } catch let failure as AWSFailure {
            tell(
                "mails from \(from.address) can't be set up: \(failure.mailRemedy(from: from, region: region)) [\(failure)]"
            )
        }
    }

    private func verify(_ from: MailAddress) async throws {
        guard try await !ses.isVerified(oneOf: [from.address, from.domain]) else {
            tell("SES takes mails from \(from.address)")
            return
        }
        guard !isDry else {
            tell("would have SES verify \(from.address)")
            return
        }
        try await ses.verify(from.address)
        let isVerified = try await ses.isVerified(oneOf: [from.address])
        tell(
            isVerified
                ? "SES takes mails from \(from.address) now"
                : "SES has sent a mail to \(from.address): follow the link in it, and SES takes mails from there")
    }
}
