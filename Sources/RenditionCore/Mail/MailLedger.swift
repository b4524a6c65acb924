import Logging

/// Sees to it that the photographer gets one mail when the last owed photo of an upload session is settled. All members may
/// be called concurrently, from several processes.
package protocol MailLedger: Sendable {
    /// Notes, durably, that a photo is about to be settled, so that a mail will tell of it whoever dies meanwhile. Called
    /// before the photo's record says so. Records that owe nothing are left alone, and so are those for which it's no news:
    /// photos that had failed before and fail again.
    ///
    /// - Parameters:
    ///   - record: As it was when the photo's handling began.
    ///   - status: What its status is about to become.
    /// - Throws: A ``RenditionError``; of stage `commit` where only this gallery is concerned.
    func mark(_ record: PhotoRecord, becoming status: String) async throws

    /// Sends the mails whose time has come, where that is this process's to do. What fails is logged, and tried again later.
    ///
    /// - Parameter mayGoOn: Asked before each mail, and before each page of a gallery; false leaves the rest to others.
    func deliver(while mayGoOn: @Sendable () -> Bool) async -> MailRound
}

extension MailLedger {
    /// Marks, and where only this gallery's row is the trouble goes on without: no photo waits for a mail.
    ///
    /// - Throws: A ``RenditionError`` where the store is unable.
    func note(_ record: PhotoRecord, becoming status: String, _ logger: Logger) async throws {
        do {
            try await mark(record, becoming: status)
        } catch let error as RenditionError where !error.isOutage {
            logger.warning(
                "The photographer's mail may leave a photo out. \(error)",
                metadata: ["photo": "\(record.id)", "gallery": "\(record.galleryID)"])
        }
    }
}

/// What became of a mail.
package enum MailOutcome: String, Sendable, CaseIterable {
    case sent
    /// It will be tried again.
    case refused
    /// SES or the store is unable, or asks for patience. That is no attempt; it will be tried again.
    case putOff = "put_off"
    /// There is nobody to send it to.
    case unaddressed
    /// It was tried too often.
    case givenUp = "given_up"
}

/// What a look for mails to be sent came to.
package struct MailRound: Sendable, Hashable {
    package var outcomes: [MailOutcome]
    /// When to look again.
    package var again: Duration

    package init(outcomes: [MailOutcome] = [], again: Duration) {
        self.outcomes = outcomes
        self.again = again
    }
}
