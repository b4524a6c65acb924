import Logging
import RenditionCore

/// Tells photographers through SES when their upload sessions are over.
///
/// Every worker marks; the one that keeps house sends. SES can't tell a repeated request from a new one: where a sender dies
/// between SES's acceptance and the next write, or SES's answer is lost, the mail is sent twice rather than never.
final class PhotographerMails: MailLedger {
    private let queue: MailQueue
    private let marks: MailMarks
    private let ses: SES
    private let records: any PhotoRecords
    private let galleries: GalleryNames
    private let configuration: MailConfiguration
    private let region: String
    private let logger: Logger
    private let isOnDuty: @Sendable () async -> Bool

    /// The attempt whose failure is the last.
    static let mostAttempts = 8
    /// Between two attempts: 45 minutes in all.
    private static let retry = Backoff(base: .seconds(30), cap: .seconds(900), jitter: 0.2)

    /// - Parameter isOnDuty: Whether this process is the one that sends.
    init(
        queue: MailQueue, ses: SES, records: any PhotoRecords, galleries: GalleryNames,
        configuration: MailConfiguration, region: String, logger: Logger,
        isOnDuty: @escaping @Sendable () async -> Bool
    ) {
        self.queue = queue
        marks = MailMarks(silence: configuration.silence)
        self.ses = ses
        self.records = records
        self.galleries = galleries
        self.configuration = configuration
        self.region = region
        self.logger = logger
        self.isOnDuty = isOnDuty
    }

    // MARK: Marking

    func mark(_ record: PhotoRecord) async throws {
        guard record.status == PhotoStatus.processing, !record.galleryID.isEmpty else { return }
        let (gallery, now) = (record.galleryID, queue.clock.now)
        let since = record.owedSince ?? now
        guard !marks.cover(gallery, since: since, now: now) else { return }
        let standing = try await store {
            try await queue.mark(
                gallery, since: since, known: marks.since(gallery), silence: configuration.silence)
        }
        marks.note(gallery, since: standing, at: now)
    }

    // MARK: Sending

    func deliver(while mayGoOn: @Sendable () -> Bool) async -> MailRound {
        var round = MailRound(again: min(.seconds(15), max(.milliseconds(250), configuration.silence / 4)))
        guard await isOnDuty() else { return round }
        do {
            for row in try await queue.due() {
                guard mayGoOn(), await isOnDuty() else { break }
                if let outcome = try await tell(row) { round.outcomes.append(outcome) }
            }
        } catch {
            // Whatever was taken comes due again.
            logger.warning("Mails to photographers wait: \(Self.reason(error))")
            round.again = .seconds(15)
        }
        return round
    }

    /// - Returns: nil where nothing was to be sent now.
    private func tell(_ row: JobRow) async throws -> MailOutcome? {
        guard let taken = try await queue.take(row) else { return nil }
        KillPoint.mailTaken.pass()
        // Its senders died over it.
        if taken.row.attempts > Self.mostAttempts {
            return try await giveUp(taken, "each attempt ended its worker, or took too long")
        }
        do {
            return try await tell(taken)
        } catch {
            let reason = Self.reason(error, configuration.from, region)
            if taken.row.attempts >= Self.mostAttempts { return try await giveUp(taken, reason) }
            let wait = Self.retry.delay(after: taken.row.attempts)
            logger.warning(
                "A mail could not be sent. It will be tried again in \(Int(wait.seconds.rounded())) s. \(reason)",
                metadata: Self.metadata(taken))
            try await queue.refuse(taken, because: reason, for: wait)
            return .refused
        }
    }

    private func tell(_ taken: MailQueue.Taken) async throws -> MailOutcome? {
        let gallery = taken.row.gallery
        let readAt = queue.clock.now
        let session = UploadSession(
            of: try await records.gallery(gallery), since: taken.row.since ?? readAt,
            settledAfter: taken.row.settledAfter)
        switch session.step(waits: taken.row.waits) {
        case .wait:
            let wait = UploadSession.wait(after: taken.row.waits + 1, silence: configuration.silence)
            try await queue.putOff(taken, for: wait)
            return nil
        case .nothing:
            try await queue.close(taken, told: nil)
            return nil
        case .tell: break
        }
        // What the platform may have dated ahead hides nothing that is settled later.
        let told = session.settledUntil.map { min($0, readAt) }
        guard let mail = try await mail(session, gallery) else {
            logger.notice(
                "No mail is sent: there is no user with an e-mail address.", metadata: Self.metadata(taken))
            try await queue.close(taken, told: told)
            return nil
        }
        // Where another photo was settled meanwhile, the session isn't over.
        guard try await queue.hold(taken) else { return nil }
        try await ses.send(mail, deadline: min(.seconds(10), queue.lease / 3))
        KillPoint.mailSent.pass()
        try await closeForSure(taken, told: told)
        KillPoint.mailTold.pass()
        logger.info(
            "Told the photographer: \(session.ready.count) photos are ready, \(session.failed.count) failed.",
            metadata: Self.metadata(taken))
        return .sent
    }

    /// Writes that a mail is sent. What fails now would have it sent again, so it is tried for as long as it is mine.
    private func closeForSure(_ taken: MailQueue.Taken, told: Timestamp?) async throws {
        let end = ContinuousClock.now + queue.lease / 3
        while true {
            do {
                return try await queue.close(taken, told: told)
            } catch {
                guard ContinuousClock.now < end else { throw error }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    private func giveUp(_ taken: MailQueue.Taken, _ reason: String) async throws -> MailOutcome {
        logger.error(
            "A mail was given up after \(taken.row.attempts) attempts. The gallery's next one tells of these photos too. \(reason)",
            metadata: Self.metadata(taken))
        try await queue.giveUp(taken, because: reason)
        return .givenUp
    }

    /// - Returns: nil where there is nobody to send it to.
    private func mail(_ session: UploadSession, _ gallery: String) async throws -> SessionMail? {
        let users = (session.ready + session.failed).compactMap(\.userID)
        guard let user = users.first,
            let text = try await records.photographer(user)?.attributes["email"]?.string,
            let address = MailAddress(text)
        else { return nil }
        return SessionMail(
            session, gallery: try await galleries.name(of: gallery, user: user), from: configuration.from, to: address,
            frontend: configuration.frontend)
    }

    private static func metadata(_ taken: MailQueue.Taken) -> Logger.Metadata { ["gallery": "\(taken.row.gallery)"] }

    private static func reason(_ error: any Error, _ from: MailAddress, _ region: String) -> String {
        guard let failure = error as? AWSFailure, failure.call.hasPrefix("SES ") else { return reason(error) }
        return "\(failure.mailRemedy(from: from, region: region)) [\(failure)]"
    }

    private static func reason(_ error: any Error) -> String {
        (error as? AWSFailure)?.renditionError.description ?? "\(error)"
    }
}
