import Foundation
import RenditionCore
import Synchronization

/// Counts what becomes of a run's photos. Any thread may use it.
final class RunTally: Sendable {
    /// A photo that failed, and why.
    struct Failure: Sendable {
        var photo: PhotoRef
        var error: RenditionError?
    }

    struct Counts: Sendable {
        /// Photos that were chosen so far.
        var chosen = 0
        /// Whether there will be no more.
        var isWhole = false
        var done = 0
        /// Of these, photos that were current before.
        var current = 0
        var failed = 0
        /// Photos that somebody took out of the queue, or whose rows are gone.
        var dropped = 0
        /// Photos that were rendered here, and their originals' pixels.
        var rendered = 0
        var megapixels = 0.0
        /// Photos that had ended before this process began.
        var before = 0

        var ended: Int { done + failed + dropped }
    }

    /// A photo's line in `--json`.
    struct Line: Encodable {
        var photo: String
        var gallery: String
        var outcome: String
        var filename: String?
        /// Whether it was current before, so that nothing was rendered.
        var current: Bool?
        var error: RenditionError?
    }

    private struct State {
        var counts = Counts()
        var failures: [Failure] = []
        /// Ends whose report may still come, which has more to say.
        var silent: [String: (line: Line, since: ContinuousClock.Instant)] = [:]
    }

    private let state = Mutex(State())
    private let onLine: (@Sendable (Line) -> Void)?

    /// Failures that are kept to be listed.
    static let listed = 100

    /// - Parameter onLine: Told of each photo's end.
    init(onLine: (@Sendable (Line) -> Void)? = nil) { self.onLine = onLine }

    var counts: Counts { state.withLock { $0.counts } }
    var failures: [Failure] { state.withLock { $0.failures } }

    func chose(_ count: Int) { state.withLock { $0.counts.chosen += count } }
    func choseAll() { state.withLock { $0.counts.isWhole = true } }

    /// A photo ended.
    ///
    /// - Parameter isHere: Whether a worker of this process had it, whose report tells more.
    func ended(_ photo: PhotoRef, _ end: ChosenEnd, here isHere: Bool = false, before: Bool = false) {
        var line = Line(photo: photo.id, gallery: photo.galleryID, outcome: "done")
        let told = state.withLock { state -> Line? in
            switch end {
            case .done: state.counts.done += 1
            case .failed(let error):
                state.counts.failed += 1
                if state.failures.count < Self.listed { state.failures.append(Failure(photo: photo, error: error)) }
                (line.outcome, line.error) = ("failed", error)
            case .dropped:
                state.counts.dropped += 1
                line.outcome = "dropped"
            }
            if before {
                // The process before told of it.
                state.counts.before += 1
                return nil
            }
            guard isHere else { return line }
            state.silent[photo.id] = (line, .now)
            return nil
        }
        if let told { onLine?(told) }
    }

    /// What the worker of this process says of a photo.
    func reported(_ report: PhotoReport) {
        guard [.done, .failed].contains(report.outcome) else { return }
        let line = state.withLock { state -> Line? in
            if report.outcome == .done, report.alreadyCurrent { state.counts.current += 1 }
            if report.outcome == .done, let width = report.width, let height = report.height {
                state.counts.rendered += 1
                state.counts.megapixels += Double(width * height) / 1e6
            }
            var line = state.silent.removeValue(forKey: report.photo)?.line
            line?.filename = report.filename
            line?.current = report.alreadyCurrent
            return line
        }
        if let line { onLine?(line) }
    }

    /// Tells of ends that others brought about.
    func flush(olderThan age: Duration = .seconds(1)) {
        let lines = state.withLock { state in
            let old = state.silent.filter { .now - $0.value.since >= age }
            for id in old.keys { state.silent[id] = nil }
            return old.values.map(\.line)
        }
        for line in lines { onLine?(line) }
    }
}
