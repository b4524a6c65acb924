import RenditionCore

/// A gallery's row of mail in the side table. It stands in the index of owed work, in a lane of its own, while a mail is due
/// or will be; afterwards it stays and remembers what was told.
///
/// | attribute | says |
/// |---|---|
/// | `since` | the earliest moment since which one of the session's settled photos had owed renditions |
/// | `begun` | when the session's first photo was settled, by the worker's own time and a little before |
/// | `again` | the ids of the session's photos that had failed before |
/// | `told` | until when photos were settled that a mail has told of |
/// | `due_at` | when the silence is long enough, a sender's lease ends, or it is to be tried again |
/// | `tok` | whose it is to send; a photo that is settled meanwhile takes it away |
/// | `attempts` | attempts at sending the mail |
/// | `waits` | how often the mail was put off since a photo was settled last |
/// | `waited` | since when the session was found to owe photos, however often one was settled meanwhile |
struct MailRow: Sendable {
    private let row: JobRow

    init(_ row: JobRow) { self.row = row }

    /// - Parameter gallery: Its id. No photo's id is like what becomes of it.
    static func id(of gallery: String) -> String { "~mail/\(gallery)" }

    private func moment(_ name: String) -> Timestamp? {
        row.attributes[name]?.integer.map { Timestamp(milliseconds: Int64($0)) }
    }

    var gallery: String { row.photo.galleryID }
    var token: String? { row.token }
    var attempts: Int { row.attempts }
    var since: Timestamp? { moment(JobAttribute.since) }
    /// After which moment the session's photos were settled; nil where nothing is known of it.
    var settledAfter: Timestamp? { [JobAttribute.begun, JobAttribute.told].compactMap(moment).max() }
    var waitedSince: Timestamp? { moment(JobAttribute.waited) }
    var again: Set<String> {
        guard case .stringSet(let ids) = row.attributes[JobAttribute.again] else { return [] }
        return Set(ids)
    }
    var waits: Int { row.attributes[JobAttribute.waits]?.integer ?? 0 }
}
