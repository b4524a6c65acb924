import Logging
import RenditionCore
import Synchronization

/// Tells photographers through SES when their upload sessions are over.
///
/// Every worker marks; the one that keeps house sends. SES can't tell a repeated request from a new one: where a sender dies
/// between SES's acceptance and the next write, or SES's answer is lost, the mail is sent twice rather than never.
final class PhotographerMails: MailLedger {
    private let queue: MailQueue
    private let marks: MailMarks
    private let ses: SES
    private let records: any PhotoRecords
    private let jobs: any JobQueue
    private let galleries: GalleryNames
    private let configuration: MailConfiguration
    private let region: String
    private let logger: Logger
    private let isOnDuty: @Sendable () async -> Bool
    /// Galleries' mails that may have been sent and couldn't be noted, and how long they are left alone.
    private let doubts = Mutex<[String: Timestamp]>([:])

    /// The attempt whose failure is the last.
    static let mostAttempts = 8
    /// Between two attempts: 45 minutes in all.
    private static let retry = Backoff(base: .seconds(30), cap: .seconds(900), jitter: 0.2)
    /// The same where the mail may have been sent already: half a day in all, so that an outage of a night loses none and
    /// nobody has one mail eight times within the hour.
    private static let doubtful = Backoff(base: .seconds(600), cap: .seconds(14_400), jitter: 0.1)
    /// Where somebody is unable, for as long as that lasts.
    private static let patience = Backoff(base: .seconds(30), cap: .seconds(3600), jitter: 0.2)

    /// - Parameter isOnDuty: Whether this process is the one that sends.
    init(
        queue: MailQueue, ses: SES, records: any PhotoRecords, jobs: any JobQueue, galleries: GalleryNames,
        configuration: MailConfiguration, region: String, logger: Logger,
        isOnDuty: @escaping @Sendable () async -> Bool
    ) {
        self.queue = queue
        marks = MailMarks(silence: configuration.silence)
        self.ses = ses
        self.records = records
        self.jobs = jobs
        self.galleries = galleries
        self.configuration = configuration
        self.region = region
        self.logger = logger
        self.isOnDuty = isOnDuty
    }

    // MARK: Marking

    func mark(_ record: PhotoRecord, becoming status: String) async throws {
        guard !record.galleryID.isEmpty, PhotoStatus.workersOwn.contains(record.status), record.status != status else {
            return
        }
        let (gallery, now) = (record.galleryID, queue.clock.now)
        // What had failed is told of by its id: since it began to owe, others may have been rendered anew.
        let hadFailed = record.status == PhotoStatus.failed
        let since = hadFailed ? now : record.owedSince ?? now
        guard hadFailed || !marks.cover(gallery, since: since, now: now) else { return }
        let standing = try await store {
            try await queue.mark(
                gallery, since: since, again: hadFailed ? record.id : nil, known: marks.since(gallery),
                due: marks.delay)
        }
        marks.note(gallery, since: standing, at: now)
    }

    // MARK: Sending

    func deliver(while mayGoOn: @Sendable () -> Bool) async -> MailRound {
        var round = MailRound(again: min(.seconds(15), max(.milliseconds(250), configuration.silence / 4)))
        guard await isOnDuty() else { return round }
        do {
            for row in try await queue.due() where !isDoubted(row) {
                guard mayGoOn(), await isOnDuty() else { break }
                if let outcome = try await tell(row, while: mayGoOn) { round.outcomes.append(outcome) }
            }
        } catch {
            // Whatever was taken comes due again.
            logger.warning("Mails to photographers wait: \(Self.reason(error))")
            round.again = .seconds(15)
        }
        return round
    }

    /// - Returns: nil where nothing was to be sent now.
    private func tell(_ row: JobRow, while mayGoOn: @Sendable () -> Bool) async throws -> MailOutcome? {
        guard let taken = try await queue.take(row) else { return nil }
        KillPoint.mailTaken.pass()
        // Its senders died over it.
        if taken.row.attempts > Self.mostAttempts {
            return try await giveUp(taken, "each attempt ended its worker, or took too long")
        }
        do {
            return try await tell(taken, while: mayGoOn)
        } catch {
            let reason = Self.reason(error, configuration.from, region)
            let hindrance = MailHindrance(error)
            if hindrance == .inability {
                let wait = Self.patience.delay(after: taken.row.waits + 1)
                warn("A mail waits until it can be sent, which is tried", again: wait, reason, taken)
                try await queue.putOff(taken, for: wait, owes: false)
                return .putOff
            }
            if taken.row.attempts >= Self.mostAttempts { return try await giveUp(taken, reason) }
            let wait = (hindrance == .doubt ? Self.doubtful : Self.retry).delay(after: taken.row.attempts)
            warn("A mail could not be sent. It will be tried", again: wait, reason, taken)
            do {
                try await queue.refuse(taken, because: reason, for: wait)
            } catch {
                // Its row comes due with its lease. Where writes fail at times, that would be a mail every half a minute.
                if hindrance == .doubt {
                    doubts.withLock { $0[taken.row.gallery] = queue.clock.now + wait }
                }
                throw error
            }
            return .refused
        }
    }

    /// Whether its mail may have been sent a moment ago, which its row doesn't say.
    private func isDoubted(_ row: JobRow) -> Bool {
        doubts.withLock { doubts in
            doubts = doubts.filter { $0.value > queue.clock.now }
            return doubts[row.photo.galleryID] != nil
        }
    }

    private func warn(_ what: String, again wait: Duration, _ reason: String, _ taken: MailQueue.Taken) {
        logger.warning(
            "\(what) again in \(Int(wait.seconds.rounded())) s. \(reason)", metadata: Self.metadata(taken))
    }

    private func tell(_ taken: MailQueue.Taken, while mayGoOn: @Sendable () -> Bool) async throws -> MailOutcome? {
        let gallery = taken.row.gallery
        let readAt = queue.clock.now
        guard let session = try await session(taken.row, at: readAt, while: mayGoOn) else {
            try await queue.handBack(taken)
            return nil
        }
        switch session.step(waitedSince: taken.row.waitedSince) {
        case .wait:
            let wait = UploadSession.wait(after: taken.row.waits + 1, silence: configuration.silence)
            try await queue.putOff(taken, for: wait, owes: true)
            return nil
        case .nothing:
            try await queue.close(taken, told: nil)
            return nil
        case .tell: break
        }
        // What the platform may have dated ahead hides nothing that is settled later.
        let told = session.settledUntil.map { min($0, readAt) }
        guard let text = try await address(of: session.userID) else {
            logger.notice(
                "No mail is sent: there is no user with an e-mail address.", metadata: Self.metadata(taken))
            try await queue.close(taken, told: told)
            return .unaddressed
        }
        guard let to = MailAddress(text) else {
            let reason =
                "The photographer's address is none that SES takes: it has to be plain ASCII, such as a@b.example."
            logger.warning(
                "No mail is sent. \(reason) Once it is mended, the gallery's next mail tells of these photos too.",
                metadata: Self.metadata(taken))
            try await queue.giveUp(taken, because: reason)
            return .unaddressed
        }
        let mail = SessionMail(
            session, gallery: try await name(of: gallery, session.userID, taken),
            from: configuration.from, to: to, frontend: configuration.frontend)
        // What follows isn't left half done, and a worker that is to end has little time.
        guard mayGoOn() else {
            try await queue.handBack(taken)
            return nil
        }
        // Where another photo was settled meanwhile, the session isn't over.
        guard try await queue.hold(taken) else { return nil }
        try await ses.send(mail, deadline: min(.seconds(10), queue.lease / 3))
        KillPoint.mailSent.pass()
        do {
            try await closeForSure(taken, told: told)
        } catch {
            throw MailHindrance.Unnoted(cause: error)
        }
        KillPoint.mailTold.pass()
        logger.info(
            "Told the photographer: \(session.ready) photos are ready, \(session.failed) failed.",
            metadata: Self.metadata(taken))
        return .sent
    }

    /// Reads the gallery page by page: it may be larger than what this process has memory for.
    ///
    /// - Returns: nil where it may not go on.
    private func session(
        _ row: MailRow, at moment: Timestamp, while mayGoOn: @Sendable () -> Bool
    ) async throws -> UploadSession? {
        var session = UploadSession(
            since: row.since ?? moment, again: row.again, settledAfter: row.settledAfter, now: moment)
        var isWhole = true
        try await records.records(of: .gallery(row.gallery)) { page in
            isWhole = mayGoOn()
            guard isWhole else { return false }
            session.add(page, jobs: try await jobs.jobs(page.filter(UploadSession.needsJob).map(\.id)))
            return true
        }
        return isWhole ? session : nil
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

    /// What a mail can do without keeps none away, unless it may be there in a while.
    ///
    /// - Returns: nil where nobody tells.
    private func name(of gallery: String, _ user: String?, _ taken: MailQueue.Taken) async throws -> String? {
        guard let user else { return nil }
        do {
            return try await galleries.name(of: gallery, user: user)
        } catch let failure as AWSFailure where failure.kind == .final && !failure.isEverybodys {
            logger.warning(
                "A mail goes out without the gallery's name. \(Self.reason(failure))", metadata: Self.metadata(taken))
            return nil
        }
    }

    /// - Returns: nil where there is no such user, or one without an address.
    private func address(of user: String?) async throws -> String? {
        guard let user, let text = try await records.photographer(user)?.attributes["email"]?.string else { return nil }
        let trimmed = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return trimmed.isEmpty ? nil : trimmed
    }

    private static func metadata(_ taken: MailQueue.Taken) -> Logger.Metadata { ["gallery": "\(taken.row.gallery)"] }

    private static func reason(_ error: any Error, _ from: MailAddress, _ region: String) -> String {
        if let unnoted = error as? MailHindrance.Unnoted {
            return "It was sent, which could not be noted. \(reason(unnoted.cause))"
        }
        guard let failure = error as? AWSFailure, failure.call.hasPrefix("SES ") else { return reason(error) }
        return "\(failure.mailRemedy(from: from, region: region)) [\(failure)]"
    }

    private static func reason(_ error: any Error) -> String {
        (error as? AWSFailure)?.renditionError.description ?? "\(error)"
    }
}
