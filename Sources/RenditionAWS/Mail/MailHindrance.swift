import RenditionCore

/// What a failure on a mail's way means for the next attempt.
enum MailHindrance: Sendable, Hashable {
    /// SES or the store is unable, or asks for patience, and nothing was sent: the mail isn't to blame.
    case inability
    /// The mail may have been sent.
    case doubt
    /// SES won't have it.
    case refusal

    /// A mail that was sent, and that couldn't be noted.
    struct Unnoted: Error {
        let cause: any Error
    }

    init(_ error: any Error) {
        switch error {
        case is Unnoted: self = .doubt
        case let failure as AWSFailure where !failure.call.hasPrefix("SES "): self = .inability
        case let failure as AWSFailure where failure.mayHaveHappened: self = .doubt
        case let failure as AWSFailure where failure.isNobodysMail: self = .inability
        case let error as RenditionError where error.isOutage: self = .inability
        case is CredentialError: self = .inability
        default: self = .refusal
        }
    }
}

extension AWSFailure {
    /// Whether SES would have refused any mail: it is unable, it sends nothing of the account's for the time being, or doesn't
    /// let these credentials send.
    fileprivate var isNobodysMail: Bool {
        let isPaused = ["AccountSendingPaused", "AccountSendingPausedException"].contains(code)
        return kind != .final || isPaused || isDenied || isEverybodys
    }
}
