import RenditionCore
import Synchronization

/// The galleries that this process has marked lately, so that photos settled soon after each other share a mark. Any thread
/// may use it.
///
/// A mark counts for a quarter of the silence that ends a session. Nobody sends the gallery's mail before the rest of the
/// silence has passed, and then reads the gallery: a photo that was about to be settled shows there, settled or owed.
final class MailMarks: Sendable {
    private struct Mark {
        /// By the store's time.
        var at: Timestamp
        /// The row's `since`.
        var since: Timestamp
    }

    private let silence: Duration
    private let marks = Mutex<[String: Mark]>([:])

    /// Galleries that are remembered.
    private static let capacity = 10_000

    init(silence: Duration) { self.silence = silence }

    /// Whether a photo needs no mark of its own.
    func cover(_ gallery: String, since: Timestamp, now: Timestamp) -> Bool {
        marks.withLock { marks in
            guard let mark = marks[gallery] else { return false }
            return mark.since <= since && mark.at <= now && now - mark.at < silence / 4
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
