import Synchronization

/// What a worker is doing and has done, for whoever watches it. Any thread may use it.
///
/// It keeps sums since the start, and the last hour in more detail; its size doesn't grow with the photos.
package final class WorkerStatus: Sendable {
    /// A photo in the worker's hands.
    package struct InHand: Sendable, Hashable, Codable {
        package var photo: String
        package var gallery: String
        /// The original's name, once the record was read.
        package var filename: String?
        package var attempt: Int
        /// Where on its way it is: a stage's name, or `wait` for memory or a thread. nil in another worker's hands.
        package var stage: String?
        /// Seconds since the claim; nil in another worker's hands.
        package var seconds: Double?

        package init(photo: String, gallery: String, filename: String? = nil, attempt: Int, stage: String? = nil) {
            self.filename = filename
            self.photo = photo
            self.gallery = gallery
            self.attempt = attempt
            self.stage = stage
        }
    }

    /// How far the worker as a whole is.
    package enum Condition: Sendable, Hashable {
        /// It hasn't asked the queue yet.
        case starting
        case working
        /// The store is unable, for that reason.
        case paused(String)
        case stopping
    }

    /// Sums since the worker's start.
    package struct Totals: Sendable, Hashable {
        /// Photos that were settled, by what became of them.
        package var outcomes: [PhotoReport.Outcome: Int] = [:]
        /// Of those that are done, the ones whose renditions were current.
        package var alreadyCurrent = 0
        /// Failures, further attempts included, by their code.
        package var failures: [String: Int] = [:]
        /// Bytes of originals that were rendered, and of the renditions made of them.
        package var bytesRead = 0
        package var bytesWritten = 0
        /// Seconds and photos by stage.
        package var stages: [StageTimes.Stage: Summary] = [:]
        /// Seconds from upload to the record's completion, of photos that were rendered for the first time.
        package var visible = Histogram()
        /// Mails to photographers, by what became of them.
        package var mails: [MailOutcome: Int] = [:]
    }

    /// A sum and how many values it is of.
    package struct Summary: Sendable, Hashable {
        package var sum = 0.0
        package var count = 0

        mutating func add(_ value: Double) {
            sum += value
            count += 1
        }
    }

    /// Values counted by upper bounds, in seconds.
    package struct Histogram: Sendable, Hashable {
        package static let bounds = [0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200, 86400]
        /// By bound; the last is what exceeds all.
        package private(set) var counts = [Int](repeating: 0, count: bounds.count + 1)
        package private(set) var summary = Summary()

        mutating func add(_ value: Double) {
            counts[Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count] += 1
            summary.add(value)
        }
    }

    /// What became of one photo lately.
    package struct Recent: Sendable, Hashable, Codable {
        package var photo: String
        package var gallery: String
        package var filename: String
        package var attempt: Int
        package var outcome: PhotoReport.Outcome
        package var reason: String?
        package var milliseconds: Double
        package var at: Timestamp
    }

    /// All of it at one moment.
    package struct Snapshot: Sendable {
        package var condition: Condition
        /// Since when the worker runs, and since it last asked the queue, in seconds.
        package var age: Double
        package var silence: Double
        package var inHand: [InHand]
        package var totals: Totals
        /// Photos done in each of the last sixty minutes, the running one last.
        package var perMinute: [Int]
        /// Photos done in the last sixty seconds.
        package var lastMinute: Int
        /// Seconds from upload to visible, of the last thousand photos of the last hour, in their order of size.
        package var visible: [Double]
        /// The last photos, the newest first.
        package var recent: [Recent]
    }

    private struct Entry {
        var inHand: InHand
        var since: ContinuousClock.Instant
    }

    private struct State {
        var condition = Condition.starting
        var turned = ContinuousClock.now
        var entries: [String: Entry] = [:]
        var totals = Totals()
        /// Photos done by the second since the start, of the last hour.
        var done: [(second: Int, count: Int)] = []
        var visible: [(at: ContinuousClock.Instant, seconds: Double)] = []
        var recent: [Recent] = []
    }

    private let started = ContinuousClock.now
    private let clock: any StoreClock
    private let state = Mutex(State())

    private static let window = Duration.seconds(3600)
    private static let mostVisible = 1000
    private static let mostRecent = 50

    /// - Parameter clock: The time in which recent photos are told.
    package init(clock: any StoreClock = SystemClock()) { self.clock = clock }

    // MARK: What the worker tells

    /// The worker asks the queue.
    func turned() {
        state.withLock { state in
            state.turned = .now
            if state.condition == .starting { state.condition = .working }
        }
    }

    func enter(_ condition: Condition) {
        state.withLock { state in
            if state.condition != .stopping { state.condition = condition }
            state.turned = .now
        }
    }

    func began(_ lease: Lease, at moment: ContinuousClock.Instant) {
        let inHand = InHand(
            photo: lease.photo.id, gallery: lease.photo.galleryID, attempt: lease.attempts,
            stage: RenditionError.Stage.claim.rawValue)
        state.withLock { $0.entries[lease.token] = Entry(inHand: inHand, since: moment) }
    }

    func entered(_ stage: StageTimes.Stage, _ lease: Lease) {
        state.withLock { $0.entries[lease.token]?.inHand.stage = stage.name }
    }

    func named(_ filename: String, _ lease: Lease) {
        state.withLock { $0.entries[lease.token]?.inHand.filename = filename }
    }

    func mailed(_ round: MailRound) {
        if round.outcomes.isEmpty { return }
        state.withLock { state in
            for outcome in round.outcomes { state.totals.mails[outcome, default: 0] += 1 }
        }
    }

    func settled(_ report: PhotoReport, _ lease: Lease) {
        let moment = clock.now
        let recent = Recent(
            photo: report.photo, gallery: report.gallery, filename: report.filename, attempt: report.attempt,
            outcome: report.outcome, reason: report.error?.message, milliseconds: report.milliseconds, at: moment)
        state.withLock { state in
            let now = ContinuousClock.now
            state.entries[lease.token] = nil
            state.totals.add(report)
            if report.outcome == .done {
                let second = Int((now - started).seconds)
                if state.done.last?.second == second {
                    state.done[state.done.count - 1].count += 1
                } else {
                    state.done.append((second, 1))
                }
                state.done.removeFirst(state.done.prefix { $0.second < second - 3660 }.count)
            }
            if let seconds = report.visibleAfter {
                state.visible.append((now, seconds))
                if state.visible.count > Self.mostVisible { state.visible.removeFirst() }
            }
            state.recent.insert(recent, at: 0)
            if state.recent.count > Self.mostRecent { state.recent.removeLast() }
        }
    }

    // MARK: What watchers see

    package var snapshot: Snapshot {
        return state.withLock { state in
            // In here, so that nothing that is counted lies after it.
            let now = ContinuousClock.now
            let age = (now - started).seconds
            let second = Int(age)
            var perMinute = [Int](repeating: 0, count: 60)
            for entry in state.done {
                let back = (second / 60) - (entry.second / 60)
                if (0..<60).contains(back) { perMinute[59 - back] += entry.count }
            }
            let oldestFirst = state.entries.values.sorted { ($0.since, $0.inHand.photo) < ($1.since, $1.inHand.photo) }
            let inHand = oldestFirst.map { entry in
                var inHand = entry.inHand
                inHand.seconds = (now - entry.since).seconds
                return inHand
            }
            return Snapshot(
                condition: state.condition, age: age, silence: (now - state.turned).seconds,
                inHand: inHand, totals: state.totals, perMinute: perMinute,
                lastMinute: state.done.reversed().prefix { $0.second > second - 60 }.reduce(0) { $0 + $1.count },
                visible: state.visible.filter { now - $0.at <= Self.window }.map(\.seconds).sorted(),
                recent: state.recent)
        }
    }
}

extension WorkerStatus.Totals {
    fileprivate mutating func add(_ report: PhotoReport) {
        outcomes[report.outcome, default: 0] += 1
        if report.alreadyCurrent { alreadyCurrent += 1 }
        if let error = report.error { failures[error.code, default: 0] += 1 }
        if report.outcome == .done, !report.alreadyCurrent {
            bytesRead += report.bytes ?? 0
            bytesWritten += report.renditions.reduce(0) { $0 + $1.bytes }
        }
        for (stage, duration) in report.stages.durations { stages[stage, default: .init()].add(duration.seconds) }
        if let seconds = report.visibleAfter { visible.add(seconds) }
    }
}
