/// What a gallery's photographer uploaded between two silences, as the gallery's records tell it.
///
/// The photos are those that were settled since the session's first one was and after the last mail, and that hadn't owed
/// their renditions before the first of them did. Renditions that are made anew belong to none.
package struct UploadSession: Sendable, Hashable {
    /// Photos that viewers see, in the records' order.
    package private(set) var ready: [PhotoRecord] = []
    /// Photos that were given up, in the records' order.
    package private(set) var failed: [PhotoRecord] = []
    /// Photos of the gallery that still owe renditions, whenever they were uploaded.
    package private(set) var owed = 0
    /// The latest moment at which one of its photos was settled; nil where there is none.
    package private(set) var settledUntil: Timestamp?

    /// - Parameters:
    ///   - records: All of the gallery.
    ///   - since: The earliest ``PhotoRecord/owedSince`` of the photos that were settled.
    ///   - moment: After which they were settled; nil where nothing is known of it.
    package init(of records: [PhotoRecord], since: Timestamp, settledAfter moment: Timestamp?) {
        for record in records {
            if record.status == PhotoStatus.processing { owed += 1 }
            guard let settled = record.settledAt, (record.owedSince ?? settled) >= since,
                moment.map({ settled > $0 }) ?? true
            else { continue }
            if record.status == PhotoStatus.active { ready.append(record) } else { failed.append(record) }
            settledUntil = max(settled, settledUntil ?? settled)
        }
    }

    /// What to do about it.
    package enum Step: Sendable, Hashable {
        /// Photos are still owed: look again later.
        case wait
        case tell
        /// There is nothing to tell.
        case nothing
    }

    /// How often a session's photos are waited for. With ``wait(after:silence:)`` that is about a day; what comes later is
    /// told of by itself.
    package static let mostWaits = 100

    /// Decides, without acting.
    ///
    /// - Parameter waits: How often it was waited already.
    package func step(waits: Int) -> Step {
        if owed > 0, waits < Self.mostWaits { return .wait }
        return ready.isEmpty && failed.isEmpty ? .nothing : .tell
    }

    /// How long to wait for photos that are owed, where none of them is heard of: from the silence that ends a session,
    /// doubling up to a quarter of an hour.
    ///
    /// - Parameter waits: This wait's number, from 1.
    package static func wait(after waits: Int, silence: Duration) -> Duration {
        Backoff(base: silence, cap: max(.seconds(900), silence), jitter: 0.1).delay(after: waits)
    }
}

extension PhotoRecord {
    /// Since when the photo owes renditions, or owed them before it was settled; nil where no date says so.
    package var owedSince: Timestamp? {
        (self["processing_started_at"] ?? self["created_at"]).flatMap(Timestamp.init(iso8601:))
    }

    /// When the worker settled the photo; nil where it didn't, or where the platform has a status of its own for it.
    package var settledAt: Timestamp? {
        switch status {
        case PhotoStatus.active: self["processed_at"].flatMap(Timestamp.init(iso8601:))
        case PhotoStatus.failed: self["updated_at"].flatMap(Timestamp.init(iso8601:))
        default: nil
        }
    }
}
