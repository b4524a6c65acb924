import Foundation
import RenditionCore

/// The names of a job's attributes in the side table.
///
/// One row a photo, kept for ever so that `fence` stays monotonic. `q` and `due_at` exist only while work is owed, which
/// keeps the index `due` sparse.
enum JobAttribute {
    static let id = "id"
    static let gallery = "gallery_id"
    static let prio = "prio"
    static let gen = "gen"
    static let fence = "fence"
    static let tok = "tok"
    static let owner = "owner"
    static let attempts = "attempts"
    static let state = "state"
    static let q = "q"
    static let dueAt = "due_at"
    static let enqueuedAt = "enq_at"
    static let doneRecipe = "done_recipe"
    static let doneFence = "done_fence"
    static let doneAt = "done_at"
    static let lastError = "last_error"
    /// What whoever queued the photo told its worker: see ``JobNote``.
    static let trace = "trace"
    static let forced = "forced"
    /// The token of the lease that ended last. It proves, after a lost reply, that the end was mine.
    static let endedTok = "ended_tok"
    /// Of galleries' rows of mail: see ``MailRow``.
    static let since = "since"
    static let begun = "begun"
    static let again = "again"
    static let told = "told"
    static let waits = "waits"
    static let waited = "waited"
    /// What happened since the photo was last queued anew, oldest first.
    static let log = "log"

    /// The sparse index of owed work.
    static let dueIndex = "due"
}

/// A row of the side table, or what the index holds of one.
struct JobRow: Sendable {
    let attributes: [String: RecordValue]

    init(_ attributes: [String: RecordValue]) { self.attributes = attributes }

    private func text(_ name: String) -> String? { attributes[name]?.string }
    private func number(_ name: String) -> Int? { attributes[name]?.integer }
    private func moment(_ name: String) -> Timestamp? { number(name).map { Timestamp(milliseconds: Int64($0)) } }

    var id: String { text(JobAttribute.id) ?? "" }
    var photo: PhotoRef { PhotoRef(id: id, galleryID: text(JobAttribute.gallery) ?? "") }
    var lane: LaneClass { text(JobAttribute.prio).flatMap(LaneClass.init) ?? .fresh }
    var state: Job.State { text(JobAttribute.state).flatMap(Job.State.init) ?? .queued }
    var token: String? { text(JobAttribute.tok) }
    var endedToken: String? { text(JobAttribute.endedTok) }
    var doneFence: Int? { number(JobAttribute.doneFence) }
    var generation: Int { number(JobAttribute.gen) ?? 0 }
    var fence: Int { number(JobAttribute.fence) ?? 0 }
    var attempts: Int { number(JobAttribute.attempts) ?? 0 }
    var q: Int? { number(JobAttribute.q) }
    var dueAt: Timestamp? { moment(JobAttribute.dueAt) }
    /// Whether the row is in a lane of photos that wait for a worker, due or not.
    var isQueued: Bool { q.map { $0 < Lane.leased.lowerBound } == true }
    var isLeased: Bool { q.map(Lane.leased.contains) == true }
    var log: [RecordValue] { if case .list(let values)? = attributes[JobAttribute.log] { values } else { [] } }

    var lease: Lease {
        Lease(
            photo: photo, token: token ?? "", fence: fence, generation: generation, attempts: attempts, lane: lane,
            enqueuedAt: moment(JobAttribute.enqueuedAt) ?? Timestamp(milliseconds: 0), lastFailure: lastError?.code,
            note: note)
    }

    var job: Job {
        Job(
            photo: photo, state: state, lane: lane, generation: generation, fence: fence, attempts: attempts,
            owner: text(JobAttribute.owner), dueAt: dueAt,
            enqueuedAt: moment(JobAttribute.enqueuedAt) ?? Timestamp(milliseconds: 0),
            doneAt: moment(JobAttribute.doneAt), doneRecipe: text(JobAttribute.doneRecipe),
            lastError: lastError, note: note)
    }

    private var note: JobNote {
        JobNote(trace: text(JobAttribute.trace), isForced: attributes[JobAttribute.forced] == .bool(true))
    }

    private var lastError: RenditionError? { text(JobAttribute.lastError).flatMap(Self.error) }

    var history: [JobEvent] { log.compactMap { $0.string.flatMap(JobLog.event) } }

    private static func error(_ text: String) -> RenditionError? {
        try? JSONDecoder().decode(RenditionError.self, from: Data(text.utf8))
    }

    /// An error as the row holds it.
    static func value(_ error: RenditionError) -> RecordValue {
        var error = error
        // Rows are written at every step of a photo; what a library wrote in its anger needn't travel each time.
        error.detail = error.detail.map { String($0.prefix(400)) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return .string((try? encoder.encode(error)).map { String(decoding: $0, as: UTF8.self) } ?? "{}")
    }
}

/// Events as short texts, `milliseconds kind attempt owner detail`: a row has to stay small, since its size is paid for
/// with every write.
enum JobLog {
    /// How many events a row keeps before the older half is forgotten.
    static let length = 32

    static func value(
        _ kind: JobEvent.Kind, at moment: Timestamp, attempt: Int = 0, owner: String? = nil, detail: String? = nil
    ) -> RecordValue {
        let place = owner?.replacing(" ", with: "_") ?? "-"
        let text = "\(moment.milliseconds) \(kind.rawValue) \(attempt) \(place) \(detail.map { $0.prefix(160) } ?? "")"
        return .string(text)
    }

    static func event(_ text: String) -> JobEvent? {
        let parts = text.split(separator: " ", maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 5, let moment = Int64(parts[0]), let kind = JobEvent.Kind(rawValue: String(parts[1])),
            let attempt = Int(parts[2])
        else { return nil }
        return JobEvent(
            at: Timestamp(milliseconds: moment), kind: kind, owner: parts[3] == "-" ? nil : String(parts[3]),
            attempt: attempt, detail: parts[4].isEmpty ? nil : String(parts[4]))
    }
}
