import Synchronization

/// The queue of a ``ChosenStore``: it claims chosen photos by their ids and keeps where each of them is.
final class ChosenQueue: JobQueue {
    fileprivate struct State {
        /// Photos that were not tried yet, the first in line last.
        var line: [ChosenPhoto] = []
        /// Photos that wait in the queue, by the moment from which they are claimed.
        var again: [String: ContinuousClock.Instant] = [:]
        var inHand: Set<String> = []
        /// Photos whose rows tell what becomes of them: others have them, or nothing certain was heard.
        var watched: [String] = []
        /// All chosen photos that are still owed.
        var owed: [String: PhotoRef] = [:]
        var nextLook = ContinuousClock.now
        var isComplete = false
    }

    private let base: any JobQueue
    private let clock: any StoreClock
    private let onEnd: @Sendable (PhotoRef, ChosenEnd) -> Void
    private let state = Mutex(State())

    /// The longest line; whoever chooses more waits.
    private static let room = 1000
    /// How often, and how many at a time, rows of photos are read that others have.
    private static let lookInterval = Duration.seconds(1)
    private static let looked = 500
    /// How long after its end a lease is taken to be nobody's: clocks of two processes differ by less.
    private static let leaseSlack = Duration.seconds(2)

    init(
        _ base: any JobQueue, clock: any StoreClock, onEnd: @escaping @Sendable (PhotoRef, ChosenEnd) -> Void
    ) {
        self.base = base
        self.clock = clock
        self.onEnd = onEnd
    }

    // MARK: Choosing

    func choose(_ photos: [ChosenPhoto]) async throws {
        let begun = state.withLock { state in
            let new = photos.filter { state.owed.updateValue($0.photo, forKey: $0.photo.id) == nil }
            let inLine = Set(state.line.map(\.photo.id)).union(new.map(\.photo.id))
            state.line.insert(contentsOf: new.reversed(), at: 0)
            return photos.filter { !inLine.contains($0.photo.id) }
        }
        // Its worker may have read the original before whoever asks now replaced it.
        for chosen in begun { try await base.enqueue(chosen.photo, lane: chosen.lane, note: chosen.note) }
        while state.withLock({ $0.line.count > Self.room }) { try await Task.sleep(for: .milliseconds(20)) }
    }

    func complete() { state.withLock { $0.isComplete = true } }

    var isComplete: Bool { state.withLock { $0.isComplete } }

    /// Until there may be something to claim, or to see in others' rows.
    var idleWait: Duration {
        state.withLock { state in
            guard state.isComplete else { return .milliseconds(50) }
            let moments = Array(state.again.values) + (state.watched.isEmpty ? [] : [state.nextLook])
            return max(.milliseconds(10), (moments.min() ?? .now) - .now)
        }
    }

    // MARK: Claiming

    func claim(upTo limit: Int, owner: String, lease: Duration) async throws -> [Lease] {
        try await lookAfterOthers()
        // What came to nothing once is handed out alone.
        if let id = state.withLock({ $0.takeAgain() }) {
            return try await claim(id, owner: owner, lease: lease).map { [$0] } ?? []
        }
        let photos = state.withLock { $0.takeFromLine(upTo: limit) }
        return try await ConcurrentClaims.leases(photos) { try await self.claim($0, owner, lease) }
    }

    private func claim(_ chosen: ChosenPhoto, _ owner: String, _ lease: Duration) async throws -> Lease? {
        if !chosen.isQueued {
            do {
                try await base.enqueue(chosen.photo, lane: chosen.lane, note: chosen.note)
            } catch {
                state.withLock { $0.line.append(chosen) }
                throw error
            }
        }
        return try await claim(chosen.photo.id, owner: owner, lease: lease)
    }

    func claim(_ photoID: String, owner: String, lease: Duration) async throws -> Lease? {
        do {
            let mine = try await base.claim(photoID, owner: owner, lease: lease)
            state.withLock { if mine == nil { $0.watch(photoID) } else { $0.inHand.insert(photoID) } }
            return mine
        } catch {
            state.withLock { $0.watch(photoID) }
            throw error
        }
    }

    /// Reads the rows of photos that others have.
    private func lookAfterOthers() async throws {
        let ids = state.withLock { state -> [String] in
            guard !state.watched.isEmpty, state.nextLook <= .now else { return [] }
            state.nextLook = .now + Self.lookInterval
            return Array(state.watched.prefix(Self.looked))
        }
        if ids.isEmpty { return }
        let rows = try await base.jobs(ids)
        let now = clock.now
        var hasExpired = false
        state.withLock { state in
            state.watched.removeFirst(ids.count)
            for id in ids {
                guard state.owed[id] != nil, let row = rows[id], [.queued, .leased].contains(row.state) else {
                    continue
                }
                if row.state == .queued {
                    state.again[id] = .now + max(.zero, (row.dueAt ?? now) - now)
                } else {
                    state.watch(id)
                    hasExpired = hasExpired || (row.dueAt ?? now) + Self.leaseSlack < now
                }
            }
        }
        for id in ids {
            if let how = ChosenEnd(rows[id]) { end(id, how) }
        }
        // Where no worker runs nobody else would take it back.
        if hasExpired { _ = try await base.reap() }
    }

    private func end(_ id: String, _ end: ChosenEnd) {
        let photo = state.withLock { state in
            state.inHand.remove(id)
            return state.owed.removeValue(forKey: id)
        }
        if let photo { onEnd(photo, end) }
    }

    // MARK: Ends of leases

    func finish(_ lease: Lease, recipe: String) async throws -> FinishOutcome {
        try await ending(lease) {
            try await base.finish(lease, recipe: recipe)
        } as: {
            .done
        }
    }

    func bury(_ lease: Lease, error: RenditionError) async throws -> FinishOutcome {
        try await ending(lease) {
            try await base.bury(lease, error: error)
        } as: {
            .failed(error)
        }
    }

    private func ending(
        _ lease: Lease, _ body: () async throws -> FinishOutcome, as how: () -> ChosenEnd
    ) async throws -> FinishOutcome {
        do {
            let outcome = try await body()
            switch outcome {
            case .done: end(lease.photo.id, how())
            case .requeued: state.withLock { $0.handBack(lease.photo.id, after: .zero) }
            case .lost: state.withLock { $0.watch(lease.photo.id) }
            }
            return outcome
        } catch {
            state.withLock { $0.watch(lease.photo.id) }
            throw error
        }
    }

    func fail(_ lease: Lease, error: RenditionError, retryAfter delay: Duration) async throws -> Bool {
        try await handingBack(lease, after: delay) {
            try await base.fail(lease, error: error, retryAfter: delay)
        }
    }

    func release(_ lease: Lease, reason: String, fence: Int) async throws -> Bool {
        try await handingBack(lease, after: .zero) { try await base.release(lease, reason: reason, fence: fence) }
    }

    private func handingBack(
        _ lease: Lease, after delay: Duration, _ body: () async throws -> Bool
    ) async throws -> Bool {
        do {
            let isBack = try await body()
            state.withLock { state in
                if isBack { state.handBack(lease.photo.id, after: delay) } else { state.watch(lease.photo.id) }
            }
            return isBack
        } catch {
            state.withLock { $0.watch(lease.photo.id) }
            throw error
        }
    }

    // MARK: As in the whole queue

    func adopt(_ photo: PhotoRef, lane: LaneClass, note: JobNote) async throws -> Bool {
        try await base.adopt(photo, lane: lane, note: note)
    }

    func enqueue(_ photo: PhotoRef, lane: LaneClass, note: JobNote) async throws {
        try await base.enqueue(photo, lane: lane, note: note)
    }

    func renew(_ lease: Lease, for duration: Duration) async throws -> Bool {
        try await base.renew(lease, for: duration)
    }

    func reap() async throws -> Int { try await base.reap() }

    func redrive(_ photoID: String, after delay: Duration) async throws -> Bool {
        try await base.redrive(photoID, after: delay)
    }

    func deadLetters(_ page: ([DeadLetter]) async throws -> Bool) async throws { try await base.deadLetters(page) }

    func drop(_ photoID: String) async throws -> Bool { try await base.drop(photoID) }

    func job(_ photoID: String) async throws -> Job? { try await base.job(photoID) }

    func jobs(_ photoIDs: [String]) async throws -> [String: Job] { try await base.jobs(photoIDs) }

    func leased(upTo limit: Int) async throws -> [Job] { try await base.leased(upTo: limit) }

    func history(_ photoID: String) async throws -> [JobEvent] { try await base.history(photoID) }

    /// What of the chosen photos is still owed.
    func depth() async throws -> QueueDepth {
        state.withLock { state in
            var depth = QueueDepth()
            depth.delayed = state.again.values.count { $0 > .now }
            depth.leased = state.inHand.union(state.watched).count
            depth.due = max(0, state.owed.count - depth.delayed - depth.leased)
            depth.waiting = [.batch: depth.due + depth.delayed]
            return depth
        }
    }
}

extension ChosenQueue.State {
    /// The photo in the queue whose time came first.
    fileprivate mutating func takeAgain() -> String? {
        guard let first = again.min(by: { $0.value < $1.value }), first.value <= .now else { return nil }
        again[first.key] = nil
        return first.key
    }

    /// The first in line; a suspect alone.
    fileprivate mutating func takeFromLine(upTo limit: Int) -> [ChosenPhoto] {
        if let last = line.last, last.isSuspect { return [line.removeLast()] }
        var photos: [ChosenPhoto] = []
        while photos.count < limit, let next = line.last, !next.isSuspect { photos.append(line.removeLast()) }
        return photos
    }

    fileprivate mutating func handBack(_ id: String, after delay: Duration) {
        inHand.remove(id)
        if owed[id] != nil { again[id] = .now + delay }
    }

    fileprivate mutating func watch(_ id: String) {
        inHand.remove(id)
        guard owed[id] != nil, !watched.contains(id) else { return }
        watched.append(id)
    }
}
