import RenditionCore
import Synchronization

/// Finds work that is due in the index `due`, with as few requests as the queue's depth allows.
///
/// The index holds owed work only. While it fits a page, one scan shows all of it, and says for certain when there is
/// nothing: an idle worker costs one small request a poll, and the picture that it keeps of the index answers until when
/// no lease can run out, what comes due next, and who keeps house. Beyond that the lanes are queried: expedite and fresh
/// lanes in turn and one where work was found before, the other fresh lanes, and batch only once all fresh lanes hold less
/// than is wanted. One poll in eight ignores that order. Any thread may use it.
final class DueSearch: Sendable {
    /// All that the index held, but for dead letters.
    private struct Picture {
        let rows: [JobRow]
        let at: Timestamp
        /// The first moment at which a lease may have run out, whatever happened since.
        let calmUntil: Timestamp
    }

    /// Due rows in the order in which to try them.
    struct Found {
        var rows: [JobRow]
        /// How long they are worth trying without another look.
        let until: ContinuousClock.Instant
        /// Claims that others may still win before another look is worth its requests.
        var losses: Int
        /// Whether what isn't tried is kept for the next claim.
        var isKept = true
    }

    private struct State {
        /// Rows of the last look that were not tried.
        var left: Found?
        /// What the last scan showed; nil where that was not all.
        var picture: Picture?
        /// When the leased lanes of a large index were looked at, and until when no lease can run out after that.
        var swept: (at: Timestamp, calmUntil: Timestamp)?
        /// The shortest lease that this worker has taken.
        var shortestLease: Duration?
        /// Rows that one scan looks at.
        var pageSize = DueSearch.pageSize
        /// Whether what made the index larger than a page is work that can be done, and not dead letters or what waits.
        var isLargeByWork = true
        /// Until when the index is taken to be larger than a page.
        var largeUntil: ContinuousClock.Instant?
        /// Whether a lane held more than this look saw.
        var hasMore = false
        /// Polls in a row that found nothing.
        var emptyPolls = 0
        /// Lanes where more work lay than was looked at, with the earliest that was seen there, and a moment after which
        /// there was nothing.
        var hot: [Int: (earliest: Timestamp, end: Timestamp?)] = [:]
        /// The expedite lane whose turn is next; two looks see all of them.
        var expediteTurn = Int.random(in: 0..<Lane.expedite.count)
        /// The fresh lane whose turn is next.
        var turn = Int.random(in: 0..<Lane.shards)

        var isSmall: Bool { largeUntil.map { $0 <= .now } ?? true }
    }

    /// Rows that one scan looks at; some 110 bytes each, so that it costs 7 units at the most.
    private static let pageSize = 512
    /// The same where most of them are dead letters.
    private static let largestPage = 4096
    /// Fresh lanes that are looked at in turn by each poll, so that four polls have seen all of them: nobody's upload waits
    /// longer behind a large gallery's.
    private static let turns = 4
    /// Rows that one query of a lane looks at.
    private static let laneSize = 25
    /// How long what was seen is tried without another look. New work that is more urgent waits for as long.
    private static let worthTrying = Duration.seconds(5)
    /// How long a large index is not scanned again.
    private static let largeFor = Duration.seconds(20)

    private let dynamo: DynamoDB
    private let table: String
    private let clock: any StoreClock
    /// How long after a scan no lease can run out that it didn't show.
    private let calm: Duration
    private let state = Mutex(State())

    /// - Parameter lease: The shortest lease that any worker takes.
    init(dynamo: DynamoDB, table: String, clock: any StoreClock, lease: Duration) {
        self.dynamo = dynamo
        self.table = table
        self.clock = clock
        calm = lease / 2
    }

    /// Rows of an earlier look, where there are as many and others were hardly seen to take any of them: one look at a
    /// long queue serves many claims.
    func takeLeft(atLeast limit: Int) async throws -> Found? {
        let taken = state.withLock { state -> Found? in
            defer { state.left = nil }
            guard let left = state.left, left.until > .now, left.rows.count >= max(1, limit) else { return nil }
            return left
        }
        guard var left = taken, Int.random(in: 0..<8) == 0 else { return taken }
        // One claim in eight ignores the classes' order, whether it looks or not.
        if picture != nil {
            left.rows.insert(left.rows.remove(at: Int.random(in: 0..<left.rows.count)), at: 0)
        } else {
            let others = try await query(Lane.batch.shuffled().prefix(1).map { $0 }, at: clock.now)
            let seen = Set(left.rows.map(\.id))
            left.rows.insert(contentsOf: others.filter { !seen.contains($0.id) }.shuffled().prefix(limit), at: 0)
        }
        return left
    }

    /// Keeps what was not tried.
    func keep(_ left: Found) { state.withLock { $0.left = left } }

    /// Makes the next claim look anew: something is more urgent now than what was seen.
    func forget() { state.withLock { $0.left = nil } }

    /// Due rows; more than the limit, since others try them too.
    func candidates(upTo limit: Int) async throws -> Found {
        let until = ContinuousClock.now + Self.worthTrying
        let ignoresClasses = Int.random(in: 0..<8) == 0
        let rows = try await look(upTo: limit, ignoringClasses: ignoresClasses)
        // An order that ignores the classes serves one claim.
        return Found(rows: rows, until: until, losses: picture == nil ? 3 : 1, isKept: !ignoresClasses)
    }

    private func look(upTo limit: Int, ignoringClasses ignoresClasses: Bool) async throws -> [JobRow] {
        var random = SystemRandomNumberGenerator()
        if state.withLock({ $0.isSmall }), let rows = try await scan() {
            return CandidateOrder.arrange(due(rows), ignoringClasses: ignoresClasses, using: &random)
        }
        let now = clock.now
        state.withLock { $0.hasMore = false }
        let first = firstLanes()
        var found = try await query(first, at: now)
        // Any of them, hot or not: a lane becomes hot only by being looked at.
        if ignoresClasses { found += try await query(Array(Lane.batch.shuffled().prefix(3)), at: now) }
        // An idle worker looks at some lanes in turn, so that it costs little that others' dead letters fill the index.
        if found.isEmpty, state.withLock({ $0.emptyPolls >= 2 }) {
            found += try await query(Array(Lane.batch.shuffled().prefix(4)), at: now)
            return finish(found, ignoresClasses, using: &random)
        }
        if found.count < limit { found += try await query(Lane.fresh.filter { !first.contains($0) }, at: now) }
        if found.count < limit { found += try await query(batchLanes(), at: now) }
        if found.count < limit { found += try await query(Array(Lane.batch), at: now) }
        return finish(found, ignoresClasses, using: &random)
    }

    private func finish(
        _ found: [JobRow], _ ignoresClasses: Bool, using random: inout some RandomNumberGenerator
    ) -> [JobRow] {
        state.withLock { state in
            state.emptyPolls = found.isEmpty ? state.emptyPolls + 1 : 0
            // No lane held more than was looked at: one page may hold it all by now.
            if !state.hasMore, !found.isEmpty, state.isLargeByWork { state.largeUntil = nil }
        }
        return CandidateOrder.arrange(found, ignoringClasses: ignoresClasses, using: &random)
    }

    /// Leases that have run out. Nothing is asked while none can have.
    func expiredLeases() async throws -> [JobRow] {
        let now = clock.now
        if let picture, picture.at <= now, now < picture.calmUntil { return [] }
        if state.withLock({ $0.isSmall }), let rows = try await scan() {
            return rows.filter { row in row.isLeased && (row.dueAt ?? now) <= now }
        }
        if let swept = state.withLock({ $0.swept }), swept.at <= now, now < swept.calmUntil { return [] }
        // Leases of workers that live are renewed long before; whatever else runs out soon is seen by this.
        let horizon = now + state.withLock { min($0.shortestLease.map { $0 / 2 } ?? calm, calm) }
        let rows = try await query(Array(Lane.leased), at: horizon, limit: 100, fromTheStart: true)
        let first = rows.compactMap(\.dueAt).min() ?? horizon
        state.withLock { $0.swept = (at: now, calmUntil: min(first, horizon)) }
        return rows.filter { row in row.dueAt.map { $0 <= now } ?? false }
    }

    /// Galleries' rows whose mail is due.
    func mails() async throws -> [JobRow] {
        let now = clock.now
        let rows: [JobRow]
        if state.withLock({ $0.isSmall }), let all = try await scan() {
            rows = all.filter { row in row.q.map(Lane.mail.contains) == true }
        } else {
            rows = try await query(Array(Lane.mail), at: now, limit: 100, fromTheStart: true)
        }
        return rows.filter { row in row.dueAt.map { $0 <= now } ?? false }
    }

    // MARK: A small index

    /// - Returns: everything in the index, or nil where that is more than a page.
    private func scan() async throws -> [JobRow]? {
        var reading = DynamoDB.Reading(table, index: JobAttribute.dueIndex)
        reading.limit = state.withLock { $0.pageSize }
        let at = clock.now
        let page = try await dynamo.read(reading)
        let rows = page.items.map(JobRow.init)
        let alive = rows.filter { row in row.q.map(Lane.dead.contains) == false }
        let dueCount = due(rows).count
        return state.withLock { state in
            guard page.next == nil else {
                (state.picture, state.largeUntil) = (nil, .now + Self.largeFor)
                state.isLargeByWork = dueCount > rows.count / 2
                // Others' dead letters are no work, and not to make an idle worker ask for each lane by itself.
                if alive.count < rows.count / 4, state.pageSize < Self.largestPage {
                    state.pageSize = min(state.pageSize * 4, Self.largestPage)
                    state.largeUntil = nil
                }
                return nil
            }
            let expiries = alive.filter(\.isLeased).compactMap(\.dueAt)
            let calm = state.shortestLease.map { min($0 / 2, self.calm) } ?? self.calm
            state.picture = Picture(rows: alive, at: at, calmUntil: min(expiries.min() ?? at + calm, at + calm))
            state.largeUntil = nil
            if rows.count < Self.pageSize { state.pageSize = Self.pageSize }
            return alive
        }
    }

    private func due(_ rows: [JobRow]) -> [JobRow] {
        let now = clock.now
        return rows.filter { row in row.isQueued && (row.dueAt.map { $0 <= now } ?? false) }
    }

    // MARK: The picture of a small index

    private var picture: Picture? { state.withLock { $0.picture } }

    /// Has to be told of leases that are shorter than others'.
    func note(lease: Duration) { state.withLock { $0.shortestLease = min($0.shortestLease ?? lease, lease) } }

    /// When the next delayed job comes due, as far as is known.
    var nextDue: Timestamp? {
        let now = clock.now
        return picture?.rows.filter(\.isQueued).compactMap(\.dueAt).filter { $0 > now }.min()
    }

    /// Whether nothing was owed when it was looked at last, which was lately.
    var isQuiet: Bool {
        guard let picture, clock.now - picture.at < calm * 2 else { return false }
        return !picture.rows.contains { $0.isLeased || $0.isQueued }
    }

    /// Whether a lease ran out that nobody has taken back for as long.
    func showsLease(overdueBy time: Duration) -> Bool {
        let now = clock.now
        return picture?.rows.contains { row in row.isLeased && (row.dueAt.map { now - $0 >= time } ?? false) } == true
    }

    /// Until when the office is held, at least; nil where that isn't known.
    var officeUntil: Timestamp? { picture?.rows.first { $0.q == Lane.office }?.dueAt }

    // MARK: A large index

    private func firstLanes() -> [Int] {
        state.withLock { state in
            let next = (0..<Self.turns).map { Lane.fresh.lowerBound + (state.turn + $0) % Lane.shards }
            state.turn = (state.turn + Self.turns) % Lane.shards
            let hot = state.hot.keys.filter { Lane.fresh.contains($0) && !next.contains($0) }.randomElement()
            let expedite = (0..<2).map { (state.expediteTurn + $0) % Lane.expedite.count + Lane.expedite.lowerBound }
            state.expediteTurn += 2
            return expedite + next + [hot].compactMap { $0 }
        }
    }

    private func batchLanes() -> [Int] {
        state.withLock { Array($0.hot.keys.filter(Lane.batch.contains).shuffled().prefix(3)) }
    }

    private func query(
        _ lanes: [Int], at now: Timestamp, limit: Int = laneSize, fromTheStart: Bool = false
    ) async throws -> [JobRow] {
        try await withThrowingTaskGroup(of: [JobRow].self) { group in
            for lane in lanes {
                group.addTask { try await self.query(lane, at: now, limit: limit, fromTheStart: fromTheStart) }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private func query(_ lane: Int, at now: Timestamp, limit: Int, fromTheStart: Bool) async throws -> [JobRow] {
        // Most polls enter a deep lane somewhere in the middle, so that workers don't all try its head.
        let hot = state.withLock { $0.hot[lane] }
        var low = Timestamp(milliseconds: 0)
        // The store's time may have been learnt anew, and be earlier than what was seen by it.
        if !fromTheStart, let hot, hot.earliest <= now, Int.random(in: 0..<4) > 0 {
            let end = max(hot.earliest, min(now, hot.end ?? now))
            low = Timestamp(milliseconds: Int64.random(in: hot.earliest.milliseconds...end.milliseconds))
        }
        var keys = Expression()
        keys.require(JobAttribute.q, is: .integer(lane))
        keys.require(JobAttribute.dueAt, from: DynamoQueue.value(low), to: DynamoQueue.value(now))
        var reading = DynamoDB.Reading(table, index: JobAttribute.dueIndex, keys: keys)
        reading.limit = limit
        let page = try await dynamo.read(reading)
        let rows = page.items.map(JobRow.init)
        let isHead = low.milliseconds == 0
        state.withLock { state in
            if page.next != nil || !isHead { state.hasMore = true }
            if isHead {
                state.hot[lane] = page.next == nil ? nil : rows.first?.dueAt.map { (earliest: $0, end: nil) }
            } else if rows.isEmpty {
                state.hot[lane]?.end = low
            }
        }
        return rows
    }
}

/// The order in which due rows are tried: by class, and within a class each gallery in turn, so that a large one doesn't
/// stand in the way of the others.
enum CandidateOrder {
    static func arrange(
        _ rows: [JobRow], ignoringClasses: Bool, using random: inout some RandomNumberGenerator
    ) -> [JobRow] {
        // A row may have been found twice, through two lanes' queries at different moments.
        var seen: Set<String> = []
        let rows = rows.filter { seen.insert($0.id).inserted }
        if ignoringClasses { return inTurn(rows, using: &random) }
        let classes = Dictionary(grouping: rows) { ($0.q ?? 0) / 1000 }
        return classes.sorted { $0.key < $1.key }.flatMap { inTurn($0.value, using: &random) }
    }

    private static func inTurn(_ rows: [JobRow], using random: inout some RandomNumberGenerator) -> [JobRow] {
        let galleries = Dictionary(grouping: rows) { $0.photo.galleryID }.values.shuffled(using: &random)
        let queues = galleries.map { loosened($0, using: &random) }
        let longest = queues.map(\.count).max() ?? 0
        return (0..<longest).flatMap { index in queues.compactMap { $0.indices.contains(index) ? $0[index] : nil } }
    }

    /// Oldest first, but not exactly, so that several workers don't all try the same one.
    private static func loosened(_ rows: [JobRow], using random: inout some RandomNumberGenerator) -> [JobRow] {
        let sorted = rows.sorted { ($0.dueAt ?? .init(milliseconds: 0)) < ($1.dueAt ?? .init(milliseconds: 0)) }
        return stride(from: 0, to: sorted.count, by: 25).flatMap { start in
            sorted[start..<min(start + 25, sorted.count)].shuffled(using: &random)
        }
    }
}
