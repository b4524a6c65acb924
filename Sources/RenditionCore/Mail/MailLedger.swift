/// Sees to it that the photographer gets one mail when the last owed photo of an upload session is settled. All members may
/// be called concurrently, from several processes.
package protocol MailLedger: Sendable {
    /// Notes, durably, that a photo is about to be settled, so that a mail will tell of it whoever dies meanwhile. Called
    /// before the photo's record says so. Records that owe nothing are left alone.
    ///
    /// - Parameter record: As it was when the photo's handling began.
    /// - Throws: A ``RenditionError`` of stage `store`.
    func mark(_ record: PhotoRecord) async throws

    /// Sends the mails whose time has come, where that is this process's to do. What fails is logged, and tried again later.
    ///
    /// - Parameter mayGoOn: Asked before each mail; false leaves the rest to others.
    func deliver(while mayGoOn: @Sendable () -> Bool) async -> MailRound
}

/// What became of a mail.
package enum MailOutcome: String, Sendable, CaseIterable {
    case sent
    /// It will be tried again.
    case refused
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
