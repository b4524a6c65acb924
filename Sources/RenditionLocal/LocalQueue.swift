import Foundation
import GRDB
import RenditionCore

/// The queue in SQLite. Each operation is one statement under its condition, or one transaction.
struct LocalQueue: JobQueue {
    let database: LocalDatabase
    let clock: any StoreClock

    func adopt(_ photo: PhotoRef, lane: LaneClass, note: JobNote) async throws -> Bool {
        let now = clock.now
        return try await database.write { try Self.adopt(photo, lane, telling: note, now, $0) }
    }

    /// Queues a photo inside a transaction.
    static func adopt(
        _ photo: PhotoRef, _ lane: LaneClass, telling told: JobNote = .none, _ now: Timestamp, _ database: Database
    ) throws -> Bool {
        try database.execute(sql: "\(newRow) ON CONFLICT DO NOTHING", arguments: arguments(photo, lane, told, now))
        guard database.changesCount == 1 else { return false }
        try note(.queued, photo.id, now, database)
        return true
    }

    /// Removes a photo's row and its history inside a transaction.
    static func remove(_ photoID: String, _ database: Database) throws {
        try database.execute(sql: "DELETE FROM job WHERE id = ?", arguments: [photoID])
        try database.execute(sql: "DELETE FROM job_event WHERE photo_id = ?", arguments: [photoID])
    }

    func enqueue(_ photo: PhotoRef, lane: LaneClass, note: JobNote) async throws {
        let now = clock.now
        try await database.write { database in
            try database.execute(
                sql: """
                    \(Self.newRow)
                    ON CONFLICT (id) DO UPDATE SET
                        gen = gen + 1,
                        prio = excluded.prio,
                        trace = excluded.trace,
                        forced = max(forced, excluded.forced),
                        state = CASE WHEN tok IS NULL THEN 'queued' ELSE state END,
                        q = CASE WHEN tok IS NULL THEN excluded.q ELSE q END,
                        due_at = CASE WHEN tok IS NULL THEN excluded.due_at ELSE due_at END,
                        attempts = CASE WHEN tok IS NULL THEN 0 ELSE attempts END,
                        enq_at = CASE WHEN tok IS NULL THEN excluded.enq_at ELSE enq_at END
                    """,
                arguments: Self.arguments(photo, lane, note, now))
            try Self.note(.queued, photo.id, now, database)
        }
    }

    func claim(upTo limit: Int, owner: String, lease: Duration) async throws -> [Lease] {
        var random = SystemRandomNumberGenerator()
        let lanes = Lane.pollOrder(using: &random)
        let now = clock.now
        // A look without the write lock first: an idle worker disturbs nobody.
        let isDue = try await database.read { database in
            try lanes.contains { try Self.due(in: $0, at: now, upTo: 1, database).first != nil }
        }
        guard isDue else { return [] }
        return try await database.write { database in
            var leases: [Lease] = []
            for lane in lanes where leases.count < limit {
                for row in try Self.due(in: lane, at: now, upTo: limit - leases.count, database) {
                    let wasClaimed = row["attempts"] > 0
                    if wasClaimed, !leases.isEmpty { return leases }
                    leases.append(try Self.take(row, owner: owner, until: now + lease, at: now, database))
                    if wasClaimed { return leases }
                }
            }
            return leases
        }
    }

    func claim(_ photoID: String, owner: String, lease: Duration) async throws -> Lease? {
        let now = clock.now
        return try await database.write { database in
            let row = try Row.fetchOne(
                database, sql: "SELECT * FROM job WHERE id = ? AND state = 'queued'", arguments: [photoID])
            return try row.map { try Self.take($0, owner: owner, until: now + lease, at: now, database) }
        }
    }

    private static func due(in lane: Int, at now: Timestamp, upTo limit: Int, _ database: Database) throws -> [Row] {
        let statement = try database.cachedStatement(
            sql: "SELECT * FROM job WHERE q = ? AND due_at <= ? ORDER BY due_at LIMIT ?")
        return try Row.fetchAll(statement, arguments: [lane, now.milliseconds, limit])
    }

    private static func take(
        _ row: Row, owner: String, until expiry: Timestamp, at now: Timestamp, _ database: Database
    ) throws -> Lease {
        let photo = PhotoRef(id: row["id"], galleryID: row["gallery_id"])
        let (fence, attempts): (Int, Int) = (row["fence"], row["attempts"])
        let lease = Lease(
            photo: photo, token: UUID().uuidString.lowercased(), fence: fence + 1, generation: row["gen"],
            attempts: attempts + 1, lane: lane(row), enqueuedAt: Timestamp(milliseconds: row["enq_at"]),
            lastFailure: try error(row)?.code,
            note: note(row))
        try database.execute(
            sql: """
                UPDATE job SET tok = ?, owner = ?, state = 'leased', q = ?, due_at = ?, fence = ?, attempts = ?
                WHERE id = ?
                """,
            arguments: [
                lease.token, owner, Lane.leased(shard: shard(photo)), expiry.milliseconds, lease.fence,
                lease.attempts, photo.id,
            ])
        try note(.claimed, photo.id, now, owner: owner, attempt: lease.attempts, database)
        return lease
    }

    func renew(_ lease: Lease, for duration: Duration) async throws -> Bool {
        let expiry = clock.now + duration
        return try await database.write { database in
            try database.execute(
                sql: "UPDATE job SET due_at = ? WHERE id = ? AND tok = ?",
                arguments: [expiry.milliseconds, lease.photo.id, lease.token])
            return database.changesCount == 1
        }
    }

    func finish(_ lease: Lease, recipe: String) async throws -> FinishOutcome {
        let now = clock.now
        return try await database.write { database in
            guard let row = try Self.mine(lease, database) else { return .lost }
            if try Self.requeue(row, lease, now, database) { return .requeued }
            try database.execute(
                sql: """
                    UPDATE job SET state = 'done', done_recipe = ?, done_fence = ?, done_at = ?, attempts = 0,
                        q = NULL, due_at = NULL, tok = NULL, owner = NULL, last_error = NULL,
                        trace = NULL, forced = 0
                    WHERE id = ?
                    """,
                arguments: [recipe, lease.fence, now.milliseconds, lease.photo.id])
            try Self.note(.done, row, now, database)
            return .done
        }
    }

    func fail(_ lease: Lease, error: RenditionError, retryAfter delay: Duration) async throws -> Bool {
        let now = clock.now
        return try await database.write { database in
            guard let row = try Self.mine(lease, database) else { return false }
            try Self.queueAgain(row, lane: Self.lane(row), due: now + delay, database)
            try Self.record(error, lease, database)
            try Self.note(.retry, row, now, detail: error.description, database)
            return true
        }
    }

    func bury(_ lease: Lease, error: RenditionError) async throws -> FinishOutcome {
        let now = clock.now
        return try await database.write { database in
            guard let row = try Self.mine(lease, database) else { return .lost }
            try Self.record(error, lease, database)
            if try Self.requeue(row, lease, now, database) { return .requeued }
            try database.execute(
                sql: "UPDATE job SET state = 'dead', q = ?, due_at = ?, tok = NULL, owner = NULL WHERE id = ?",
                arguments: [Lane.dead(shard: Self.shard(lease.photo)), now.milliseconds, lease.photo.id])
            try Self.note(.dead, row, now, detail: error.description, database)
            return .done
        }
    }

    func release(_ lease: Lease, reason: String, fence: Int) async throws -> Bool {
        let now = clock.now
        return try await database.write { database in
            guard let row = try Self.mine(lease, database) else { return false }
            try Self.queueAgain(row, lane: .expedite, due: now, database)
            try database.execute(
                sql: "UPDATE job SET attempts = max(attempts - 1, 0), fence = max(fence, ?) WHERE id = ?",
                arguments: [fence, lease.photo.id])
            try Self.note(.released, row, now, detail: reason, database)
            return true
        }
    }

    func reap() async throws -> Int {
        let now = clock.now
        let expired: @Sendable (Database) throws -> [Row] = { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM job WHERE q BETWEEN ? AND ? AND due_at <= ?",
                arguments: [Lane.leased.lowerBound, Lane.leased.upperBound - 1, now.milliseconds])
        }
        guard try await database.read({ try !expired($0).isEmpty }) else { return 0 }
        return try await database.write { database in
            let rows = try expired(database)
            for row in rows {
                try Self.queueAgain(row, lane: .expedite, due: now, database)
                try Self.note(.reaped, row, now, detail: "its lease expired", database)
            }
            return rows.count
        }
    }

    func redrive(_ photoID: String, after delay: Duration) async throws -> Bool {
        let now = clock.now
        return try await database.write { database in
            guard let row = try Self.dead(photoID, database) else { return false }
            try Self.queueAgain(row, lane: Self.lane(row), due: now + delay, database)
            try database.execute(
                sql: "UPDATE job SET attempts = 0, gen = gen + 1, enq_at = ? WHERE id = ?",
                arguments: [now.milliseconds, photoID])
            try Self.note(.redriven, row, now, database)
            return true
        }
    }

    func deadLetters(_ page: ([DeadLetter]) async throws -> Bool) async throws {
        // The place of the last one seen; a lane's number is never below 0.
        var last: (lane: Int, due: Int64, id: String) = (-1, 0, "")
        while true {
            let rows = try await database.read { [last] database in
                try Row.fetchAll(
                    database,
                    sql: """
                        SELECT *, (SELECT owner FROM job_event WHERE photo_id = job.id AND kind = 'claimed'
                            ORDER BY number DESC LIMIT 1) AS last_owner
                        FROM job
                        WHERE q BETWEEN ? AND ? AND (q, due_at, id) > (?, ?, ?) ORDER BY q, due_at, id LIMIT 100
                        """,
                    arguments: [Lane.dead.lowerBound, Lane.dead.upperBound - 1, last.lane, last.due, last.id]
                ).map { row in (row: try Self.job(row), lane: row["q"] as Int, owner: row["last_owner"] as String?) }
            }
            guard let end = rows.last else { return }
            last = (end.lane, end.row.dueAt?.milliseconds ?? 0, end.row.photo.id)
            let letters = rows.map { entry in DeadLetter(entry.row, lastOwner: entry.owner) }
            guard try await page(letters) else { return }
        }
    }

    func drop(_ photoID: String) async throws -> Bool {
        let now = clock.now
        return try await database.write { database in
            guard let row = try Self.dead(photoID, database) else { return false }
            try database.execute(
                sql:
                    "UPDATE job SET state = 'done', q = NULL, due_at = NULL, done_at = NULL, attempts = 0 WHERE id = ?",
                arguments: [photoID])
            try Self.note(.dropped, row, now, database)
            return true
        }
    }

    func job(_ photoID: String) async throws -> Job? {
        try await database.read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM job WHERE id = ?", arguments: [photoID]).map(Self.job)
        }
    }

    func jobs(_ photoIDs: [String]) async throws -> [String: Job] {
        try await database.read { database in
            var jobs: [String: Job] = [:]
            for id in photoIDs {
                let statement = try database.cachedStatement(sql: "SELECT * FROM job WHERE id = ?")
                if let row = try Row.fetchOne(statement, arguments: [id]) { jobs[id] = try Self.job(row) }
            }
            return jobs
        }
    }

    func leased(upTo limit: Int) async throws -> [Job] {
        try await database.read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM job WHERE q BETWEEN ? AND ? LIMIT ?",
                arguments: [Lane.leased.lowerBound, Lane.leased.upperBound - 1, limit]
            ).map(Self.job)
        }
    }

    func depth() async throws -> QueueDepth {
        let now = clock.now
        return try await database.read { database in
            var depth = QueueDepth()
            // What isn't due yet is counted, which is little: what failed lately, and what is leased.
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT q, jobs, (SELECT count(*) FROM job WHERE job.q = lane.q AND due_at > :now) AS later,
                        (SELECT min(due_at) FROM job WHERE job.q = lane.q AND due_at > :now) AS next,
                        (SELECT min(due_at) FROM job WHERE job.q = lane.q AND due_at <= :now) AS oldest
                    FROM lane WHERE jobs > 0
                    """,
                arguments: ["now": now.milliseconds])
            while let row = try rows.next() {
                let (lane, jobs, later): (Int, Int, Int) = (row["q"], row["jobs"], row["later"])
                if Lane.dead.contains(lane) {
                    depth.dead += jobs
                    continue
                }
                if Lane.leased.contains(lane) {
                    depth.leased += jobs
                } else {
                    depth.due += jobs - later
                    depth.delayed += later
                    if let waiting = Lane.waitingClass(of: lane) { depth.waiting[waiting, default: 0] += jobs }
                    if let oldest = (row["oldest"] as Int64?).map(Timestamp.init(milliseconds:)) {
                        depth.oldestDue = min(depth.oldestDue ?? oldest, oldest)
                    }
                }
                if let next = (row["next"] as Int64?).map(Timestamp.init(milliseconds:)) {
                    depth.nextDue = min(depth.nextDue ?? next, next)
                }
            }
            return depth
        }
    }

    func history(_ photoID: String) async throws -> [JobEvent] {
        try await database.read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM job_event WHERE photo_id = ? ORDER BY number", arguments: [photoID]
            ).compactMap { row in
                guard let kind = JobEvent.Kind(rawValue: row["kind"]) else { return nil }
                return JobEvent(
                    at: Timestamp(milliseconds: row["at"]), kind: kind, owner: row["owner"], attempt: row["attempt"],
                    detail: row["detail"])
            }
        }
    }

    // MARK: Rows

    /// The row, where the lease is still the one that holds it.
    private static func mine(_ lease: Lease, _ database: Database) throws -> Row? {
        try Row.fetchOne(
            database, sql: "SELECT * FROM job WHERE id = ? AND tok = ?", arguments: [lease.photo.id, lease.token])
    }

    /// A dead letter's row.
    private static func dead(_ photoID: String, _ database: Database) throws -> Row? {
        try Row.fetchOne(
            database, sql: "SELECT * FROM job WHERE id = ? AND state = 'dead' AND tok IS NULL", arguments: [photoID])
    }

    /// Begins another round for a job that was queued again while it was leased.
    ///
    /// - Returns: false where it wasn't.
    private static func requeue(
        _ row: Row, _ lease: Lease, _ now: Timestamp, _ database: Database
    ) throws -> Bool {
        guard Safeguard.genCheck.isOn, row["gen"] != lease.generation else { return false }
        try queueAgain(row, lane: lane(row), due: now, database)
        try database.execute(
            sql: "UPDATE job SET attempts = 0, enq_at = ? WHERE id = ?",
            arguments: [now.milliseconds, lease.photo.id])
        try note(.requeued, row, now, database)
        return true
    }

    /// Puts a job back into a lane and takes it out of its owner's hands.
    private static func queueAgain(_ row: Row, lane: LaneClass, due: Timestamp, _ database: Database) throws {
        let photo = PhotoRef(id: row["id"], galleryID: row["gallery_id"])
        try database.execute(
            sql: "UPDATE job SET state = 'queued', q = ?, due_at = ?, tok = NULL, owner = NULL WHERE id = ?",
            arguments: [Lane.number(lane, shard: shard(photo)), due.milliseconds, photo.id])
    }

    private static func record(_ error: RenditionError, _ lease: Lease, _ database: Database) throws {
        try database.execute(
            sql: "UPDATE job SET last_error = ? WHERE id = ?",
            arguments: [try ColumnJSON.text(error), lease.photo.id])
    }

    private static func note(
        _ kind: JobEvent.Kind, _ row: Row, _ now: Timestamp, detail: String? = nil, _ database: Database
    ) throws {
        try note(
            kind, row["id"], now, owner: row["owner"], attempt: row["attempts"], detail: detail, database)
    }

    private static func note(
        _ kind: JobEvent.Kind, _ photoID: String, _ now: Timestamp, owner: String? = nil, attempt: Int = 0,
        detail: String? = nil, _ database: Database
    ) throws {
        try database.execute(
            sql: "INSERT INTO job_event (photo_id, at, kind, owner, attempt, detail) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [photoID, now.milliseconds, kind.rawValue, owner, attempt, detail])
        // A photo's last hundred events are kept.
        try database.execute(
            sql: """
                DELETE FROM job_event WHERE photo_id = :id AND number <= (
                    SELECT number FROM job_event WHERE photo_id = :id ORDER BY number DESC LIMIT 1 OFFSET 100)
                """,
            arguments: ["id": photoID])
    }

    private static let newRow = """
        INSERT INTO job (id, gallery_id, prio, gen, fence, attempts, state, q, due_at, enq_at, trace, forced)
        VALUES (:id, :gallery, :prio, 1, 0, 0, 'queued', :q, :now, :now, :trace, :forced)
        """

    private static func arguments(
        _ photo: PhotoRef, _ lane: LaneClass, _ note: JobNote, _ now: Timestamp
    ) -> StatementArguments {
        [
            "id": photo.id, "gallery": photo.galleryID, "prio": lane.rawValue,
            "q": Lane.number(lane, shard: shard(photo)), "now": now.milliseconds, "trace": note.trace,
            "forced": note.isForced,
        ]
    }

    private static func shard(_ photo: PhotoRef) -> Int {
        Lane.shard(galleryID: photo.galleryID, photoID: photo.id)
    }

    private static func lane(_ row: Row) -> LaneClass { LaneClass(rawValue: row["prio"]) ?? .fresh }

    private static func job(_ row: Row) throws -> Job {
        let (due, done): (Int64?, Int64?) = (row["due_at"], row["done_at"])
        return Job(
            photo: PhotoRef(id: row["id"], galleryID: row["gallery_id"]),
            state: Job.State(rawValue: row["state"]) ?? .queued, lane: lane(row), generation: row["gen"],
            fence: row["fence"], attempts: row["attempts"], owner: row["owner"],
            dueAt: due.map(Timestamp.init(milliseconds:)), enqueuedAt: Timestamp(milliseconds: row["enq_at"]),
            doneAt: done.map(Timestamp.init(milliseconds:)), doneRecipe: row["done_recipe"],
            lastError: try error(row), note: note(row))
    }

    private static func note(_ row: Row) -> JobNote { JobNote(trace: row["trace"], isForced: row["forced"]) }

    private static func error(_ row: Row) throws -> RenditionError? {
        let text: String? = row["last_error"]
        return try text.map { try ColumnJSON.value(RenditionError.self, $0) }
    }
}
