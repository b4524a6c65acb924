import RenditionAWS
import RenditionCore

/// What one turn of a benchmark came to, as it was measured.
struct Turn: Sendable {
    /// How each photo ended.
    var reports: [PhotoReport]
    /// From the first claim to the last photo's end.
    var wall: Duration
    var usage: ProcessUsage
    var peakMemory: Int?
    /// The part of all processors' time that nobody on this machine used.
    var idleShare: Double?
    /// What was sent meanwhile; nil for a store that sends nothing.
    var requests: [String: RequestMeter.Count]?
    /// Photos that somebody else queued and the worker took along.
    var strangers = 0

    /// What a turn is measured by, from its making on.
    struct Watch: Sendable {
        private let began = ContinuousClock.now
        private let before: ProcessUsage
        private let idle: IdleCores?

        init() {
            PeakMemory.reset()
            (before, idle) = (.now, .now)
        }

        func turn(_ reports: [PhotoReport]) -> Turn {
            var turn = Turn(
                reports: reports, wall: .now - began, usage: .now - before, peakMemory: PeakMemory.bytes)
            if let idle, let now = IdleCores.now { turn.idleShare = idle.share(until: now) }
            return turn
        }
    }
}

/// Why a benchmark came to nothing.
enum BenchFailure: Error {
    case interrupted
    /// The queue held others' work.
    case busyStore(owed: Int)
    /// Photos wait to be found that aren't queued yet.
    case unqueuedPhotos
    /// Some photos were never heard of again: others took them.
    case lostPhotos(Int)
}
