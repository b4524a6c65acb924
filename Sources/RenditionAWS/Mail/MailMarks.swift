import RenditionCore
import Synchronization

/// The galleries that this process has marked lately, so that photos settled soon after each other share a mark. Any thread
/// may use it.
///
/// A mark counts for a quarter of the silence that ends a session, and five seconds at least, so that a large gallery's row
/// isn't written all the time. Nobody sends the gallery's mail before three quarters of the silence more have passed, and then
/// reads the gallery: a photo that was about to be settled shows there, settled or owed. So where the silence is short, a mail
/// comes later than it says; were it due while a mark counts, a photo of the next session would go without one.
final class MailMarks: Sendable {
    private struct Mark {
        /// By the store's time.
        var at: Timestamp
        /// The row's `since`.
        var since: Timestamp
    }

    /// How long a mark counts.
    private let validity: Duration
    /// When a mail is due, from its last mark on.
    let delay: Duration
    private let marks = Mutex<[String: Mark]>([:])

    /// Galleries that are remembered.
    private static let capacity = 10_000

    init(silence: Duration) {
        validity = max(silence / 4, .seconds(5))
        delay = validity + silence * 3 / 4
    }

    /// Whether a photo needs no mark of its own.
    func cover(_ gallery: String, since: Timestamp, now: Timestamp) -> Bool {
        marks.withLock { marks in
            guard let mark = marks[gallery] else { return false }
            return mark.since <= since && mark.at <= now && now - mark.at < validity
        }
    }

    /// What the row's `since` was when it was marked last; nil where that isn't known.
    func since(_ gallery: String) -> Timestamp? { marks.withLock { $0[gallery]?.since } }

    /// - Parameter moment: When the mark was sent.
    func note(_ gallery: String, since: Timestamp, at moment: Timestamp) {
        marks.withLock { marks in
            if marks.count >= Self.capacity { marks.removeAll() }
            marks[gallery] = Mark(at: moment, since: since)
        }
    }
}
