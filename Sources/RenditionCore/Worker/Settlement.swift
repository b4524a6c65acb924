/// How the handling of one claimed photo ended.
package enum JobOutcome: Sendable {
    /// Every rendition is stored and the record says so.
    case done(recipe: String)
    /// It failed, but may succeed later.
    case retry(RenditionError)
    /// It failed and always will.
    case reject(RenditionError)
    /// It was not the photo's fault: hand it back as if it had not been touched.
    ///
    /// - fence: What the photo's next claim must exceed, where that is known to be higher than this one's.
    case release(reason: String, fence: Int = 0)
}

/// What to tell the queue, and the record, about a claimed photo.
package enum Settlement: Sendable, Hashable {
    case finish(recipe: String)
    case fail(RenditionError, delay: Duration)
    /// Write the failure into the record, then bury the job.
    case dead(RenditionError)
    case release(reason: String, fence: Int = 0)

    /// Decides, without acting.
    ///
    /// - Parameters:
    ///   - attempts: Claims so far, the present one included.
    ///   - maxAttempts: The claim whose failure is the last.
    ///   - lastFailure: The code of the failure before, in this round.
    package static func decide(
        _ outcome: JobOutcome, attempts: Int, maxAttempts: Int, lastFailure: String? = nil, backoff: Backoff,
        using random: inout some RandomNumberGenerator
    ) -> Settlement {
        switch outcome {
        case .done(let recipe): .finish(recipe: recipe)
        case .release(let reason, let fence): .release(reason: reason, fence: fence)
        case .reject(let error): .dead(error)
        case .retry(let error) where error.isOutage: .release(reason: error.description)
        case .retry(let error) where error.endedItsRenderer && lastFailure == error.code:
            .dead(poison(error))
        case .retry(let error) where attempts >= maxAttempts: .dead(exhausted(error, attempts: attempts))
        case .retry(let error): .fail(error, delay: backoff.delay(after: attempts, using: &random))
        }
    }

    /// The reason that remains when the last attempt has failed.
    static func exhausted(_ error: RenditionError, attempts: Int) -> RenditionError {
        var last = error
        last.retriable = false
        last.detail = ["given up after \(attempts) attempts", error.detail].compactMap { $0 }.joined(separator: "; ")
        return last
    }

    /// The reason for a photo over which one render process after another died.
    private static func poison(_ error: RenditionError) -> RenditionError {
        RenditionError(
            code: "poison", stage: error.stage, retriable: false,
            message: "This photo could not be processed, twice over. Export it again and upload that file.",
            detail: error.detail)
    }

    /// The reason for a photo that was claimed more often than it may be: each claim's worker died over it.
    package static func poison(attempts: Int) -> RenditionError {
        RenditionError(
            code: "poison", stage: .claim, retriable: false,
            message: "This photo could not be processed, several times over. Export it again and upload that file.",
            detail: "\(attempts - 1) workers stopped without a word while they held it")
    }
}
