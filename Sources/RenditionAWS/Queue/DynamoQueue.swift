import RenditionCore
import Synchronization

/// The queue in DynamoDB's side table: each operation is one conditional write.
///
/// A refused condition comes back with the item as it was (`ReturnValuesOnConditionCheckFailure`), which tells who owns
/// the row, and whether a write whose reply was lost had happened after all. Claims and ends never make a row.
package struct DynamoQueue: JobQueue {
    private let dynamo: DynamoDB
    private let table: String
    let clock: any StoreClock
    /// What is known of the index of owed work.
    let search: DueSearch
    /// Requests that nothing was heard of.
    let unclear = UnclearRequests()

    /// - Parameter lease: The shortest lease that any worker takes.
    package init(dynamo: DynamoDB, table: String, clock: any StoreClock, lease: Duration) {
        self.dynamo = dynamo
        self.table = table
        self.clock = clock
        search = DueSearch(dynamo: dynamo, table: table, clock: clock, lease: lease)
    }

    typealias Key = JobAttribute

    // MARK: Into the queue

    package func adopt(_ photo: PhotoRef, lane: LaneClass, note: JobNote) async throws -> Bool {
        let now = clock.now
        var item: DynamoDB.Item = [
            Key.id: .string(photo.id), Key.gallery: .string(photo.galleryID), Key.prio: .string(lane.rawValue),
            Key.gen: .integer(1), Key.fence: .integer(0), Key.attempts: .integer(0),
            Key.state: .string(Job.State.queued.rawValue), Key.q: .integer(photo.lane(lane)),
            Key.dueAt: Self.value(Self.atOnce(now)), Key.enqueuedAt: Self.value(now),
            Key.log: .list([JobLog.value(.queued, at: now)]),
        ]
        if let trace = note.trace { item[Key.trace] = .string(trace) }
        if note.isForced { item[Key.forced] = .bool(true) }
        var expression = Expression()
        expression.requireAbsent(Key.id)
        if case .written = try await store({ try await dynamo.put(item, into: table, if: expression) }) { return true }
        return false
    }

    package func enqueue(_ photo: PhotoRef, lane: LaneClass, note: JobNote) async throws {
        let now = clock.now
        search.forget()
        for _ in 0..<8 {
            var idle = Expression()
            idle.requireAbsent(Key.tok)
            idle.set(Key.gallery, .string(photo.galleryID))
            idle.set(Key.attempts, .integer(0))
            idle.set(Key.enqueuedAt, Self.value(now))
            queue(&idle, photo, in: photo.lane(lane), due: Self.atOnce(now))
            kick(&idle, lane, note, now)
            if case .written = try await change(photo.id, idle) { return }

            // It is leased: its worker will see that the generation moved.
            var leased = Expression()
            leased.requirePresent(Key.tok)
            kick(&leased, lane, note, now)
            if case .written = try await change(photo.id, leased) { return }
        }
        throw contended(photo.id)
    }

    private func kick(_ expression: inout Expression, _ lane: LaneClass, _ note: JobNote, _ now: Timestamp) {
        expression.set(Key.prio, .string(lane.rawValue))
        if let trace = note.trace { expression.set(Key.trace, .string(trace)) } else { expression.remove(Key.trace) }
        if note.isForced { expression.set(Key.forced, .bool(true)) }
        expression.add(Key.gen, 1)
        // Makes the attribute where the row is new.
        expression.add(Key.fence, 0)
        expression.append(Key.log, JobLog.value(.queued, at: now))
    }

    package func renew(_ lease: Lease, for duration: Duration) async throws -> Bool {
        var expression = Expression()
        expression.require(Key.tok, is: .string(lease.token))
        expression.set(Key.dueAt, Self.value(clock.now + duration))
        if case .written = try await change(lease.photo.id, expression) { return true }
        return false
    }

    // MARK: Ends

    package func finish(_ lease: Lease, recipe: String) async throws -> FinishOutcome {
        let now = clock.now
        var expression = end(lease, .done, at: now)
        if Safeguard.genCheck.isOn { expression.require(Key.gen, is: .integer(lease.generation)) }
        expression.set(Key.state, .string(Job.State.done.rawValue))
        expression.set(Key.doneRecipe, .string(recipe))
        expression.set(Key.doneFence, .integer(lease.fence))
        expression.set(Key.doneAt, Self.value(now))
        expression.set(Key.attempts, .integer(0))
        expression.remove(Key.q, Key.dueAt, Key.lastError, Key.trace, Key.forced)
        return try await conclude(lease, expression, error: nil)
    }

    package func fail(_ lease: Lease, error: RenditionError, retryAfter delay: Duration) async throws -> Bool {
        let now = clock.now
        var expression = end(lease, .retry, at: now, detail: error.description)
        queue(&expression, lease.photo, in: lease.photo.lane(lease.lane), due: now + delay)
        expression.set(Key.lastError, JobRow.value(error))
        return try await ended(lease, expression)
    }

    package func bury(_ lease: Lease, error: RenditionError) async throws -> FinishOutcome {
        let now = clock.now
        var expression = end(lease, .dead, at: now, detail: error.description)
        expression.require(Key.gen, is: .integer(lease.generation))
        expression.set(Key.state, .string(Job.State.dead.rawValue))
        expression.set(Key.q, .integer(lease.photo.deadLane))
        expression.set(Key.dueAt, Self.value(now))
        expression.set(Key.lastError, JobRow.value(error))
        return try await conclude(lease, expression, error: error)
    }

    package func release(_ lease: Lease, reason: String, fence: Int) async throws -> Bool {
        let now = clock.now
        search.forget()
        var expression = end(lease, .released, at: now, detail: reason)
        queue(&expression, lease.photo, in: lease.photo.lane(.expedite), due: Self.atOnce(now))
        expression.add(Key.attempts, -1)
        // While the token is mine so is the fence: nobody has claimed since.
        if fence > lease.fence { expression.set(Key.fence, .integer(fence)) }
        return try await ended(lease, expression)
    }

    /// What every end of a lease has in common.
    private func end(
        _ lease: Lease, _ kind: JobEvent.Kind, at now: Timestamp, detail: String? = nil
    ) -> Expression {
        var expression = Expression()
        expression.require(Key.tok, is: .string(lease.token))
        expression.set(Key.endedTok, .string(lease.token))
        expression.remove(Key.tok, Key.owner)
        expression.append(Key.log, JobLog.value(kind, at: now, attempt: lease.attempts, detail: detail))
        return expression
    }

    private func queue(_ expression: inout Expression, _ photo: PhotoRef, in lane: Int, due: Timestamp) {
        expression.set(Key.state, .string(Job.State.queued.rawValue))
        expression.set(Key.q, .integer(lane))
        expression.set(Key.dueAt, Self.value(due))
    }

    /// Ends a lease for good, or queues the photo again where it was kicked meanwhile.
    private func conclude(
        _ lease: Lease, _ expression: Expression, error: RenditionError?
    ) async throws -> FinishOutcome {
        for _ in 0..<8 {
            switch try await ending(lease, expression) {
            case .written: return .done
            case .refused(let item, let proves):
                guard let row = item.map(JobRow.init) else { return .lost }
                if proves { return row.state == .queued ? .requeued : .done }
                guard row.token == lease.token else { return .lost }
                // The generation moved: the photo owes another round.
                let now = clock.now
                var again = end(lease, .requeued, at: now)
                queue(&again, lease.photo, in: lease.photo.lane(row.lane), due: Self.atOnce(now))
                again.set(Key.attempts, .integer(0))
                if let error { again.set(Key.lastError, JobRow.value(error)) }
                if case .written = try await ending(lease, again) { return .requeued }
            }
        }
        throw contended(lease.photo.id)
    }

    private func ended(_ lease: Lease, _ expression: Expression) async throws -> Bool {
        switch try await ending(lease, expression) {
        case .written: true
        case .refused(_, let proves): proves
        }
    }

    private enum Ending {
        case written
        /// - proves: Whether the row tells that this lease was ended by an earlier request of mine whose reply was lost.
        case refused(DynamoDB.Item?, proves: Bool)
    }

    private func ending(_ lease: Lease, _ expression: Expression) async throws -> Ending {
        do {
            switch try await change(lease.photo.id, expression) {
            case .written:
                unclear.removeEnd(lease.token)
                return .written
            case .refused(let item, let now):
                let asked = unclear.removeEnd(lease.token) || now
                let tells = asked && Safeguard.allOld.isOn
                return .refused(item, proves: tells && item.map(JobRow.init)?.endedToken == lease.token)
            }
        } catch {
            unclear.insertEnd(lease.token)
            throw error
        }
    }

    // MARK: Recovery

    package func reap() async throws -> Int {
        let now = clock.now
        let expired = try await store { try await search.expiredLeases() }
        if !expired.isEmpty { search.forget() }
        var count = 0
        for row in expired {
            guard let q = row.q, let due = row.dueAt else { continue }
            var expression = Expression()
            expression.require(Key.q, is: .integer(q))
            expression.require(Key.dueAt, is: Self.value(due))
            queue(&expression, row.photo, in: row.photo.lane(.expedite), due: Self.atOnce(now))
            expression.remove(Key.tok, Key.owner)
            expression.append(
                Key.log, JobLog.value(.reaped, at: now, attempt: row.attempts, detail: "its lease expired"))
            if case .written = try await change(row.id, expression) { count += 1 }
        }
        return count
    }

    package func redrive(_ photoID: String, after delay: Duration) async throws -> Bool {
        guard let row = try await row(photoID), row.state == .dead else { return false }
        search.forget()
        let now = clock.now
        var expression = Expression()
        expression.require(Key.state, is: .string(Job.State.dead.rawValue))
        expression.requireAbsent(Key.tok)
        queue(&expression, row.photo, in: row.photo.lane(row.lane), due: now + delay)
        expression.set(Key.attempts, .integer(0))
        expression.set(Key.enqueuedAt, Self.value(now))
        expression.add(Key.gen, 1)
        expression.append(Key.log, JobLog.value(.redriven, at: now))
        if case .written = try await change(photoID, expression) { return true }
        return false
    }

    package func deadLetters(_ page: ([DeadLetter]) async throws -> Bool) async throws {
        for lane in Lane.dead {
            var keys = Expression()
            keys.require(Key.q, is: .integer(lane))
            var reading = DynamoDB.Reading(table, index: Key.dueIndex, keys: keys)
            reading.limit = 100
            var goesOn = true
            while goesOn {
                let (found, next) = try await store { [reading] in
                    let found = try await dynamo.read(reading)
                    let ids = found.items.map { JobRow($0).id }
                    let items = ids.isEmpty ? [] : try await dynamo.get(ids.map { [Key.id: .string($0)] }, from: table)
                    return (items.map(JobRow.init), found.next)
                }
                // What the index shows may have been redriven meanwhile.
                let dead = found.filter { $0.state == .dead }.map { row in
                    DeadLetter(row.job, lastOwner: row.history.last { $0.kind == .claimed }?.owner)
                }
                if !dead.isEmpty, try await !page(dead.sorted { $0.since < $1.since }) { return }
                reading.start = next
                goesOn = next != nil
            }
        }
    }

    package func drop(_ photoID: String) async throws -> Bool {
        search.forget()
        var expression = Expression()
        expression.require(Key.state, is: .string(Job.State.dead.rawValue))
        expression.requireAbsent(Key.tok)
        expression.set(Key.state, .string(Job.State.done.rawValue))
        expression.set(Key.attempts, .integer(0))
        expression.remove(Key.q, Key.dueAt, Key.doneAt)
        expression.append(Key.log, JobLog.value(.dropped, at: clock.now))
        if case .written = try await change(photoID, expression) { return true }
        return false
    }

    // MARK: Looking

    package func job(_ photoID: String) async throws -> Job? { try await row(photoID)?.job }

    package func history(_ photoID: String) async throws -> [JobEvent] { try await row(photoID)?.history ?? [] }

    package func depth() async throws -> QueueDepth {
        let now = clock.now
        var depth = QueueDepth()
        try await store {
            try await dynamo.readAll(DynamoDB.Reading(table, index: Key.dueIndex)) { page in
                for row in page.items.map(JobRow.init) { depth.count(row, at: now) }
                return true
            }
        }
        return depth
    }

    package func leased(upTo limit: Int) async throws -> [Job] {
        var ids: [String] = []
        for lane in Lane.leased where ids.count < limit {
            var keys = Expression()
            keys.require(Key.q, is: .integer(lane))
            var reading = DynamoDB.Reading(table, index: Key.dueIndex, keys: keys)
            reading.limit = limit - ids.count
            let page = reading
            ids += try await store { try await dynamo.read(page) }.items.map { JobRow($0).id }
        }
        return try await jobs(ids).values.filter { $0.state == .leased }
    }

    package func jobs(_ photoIDs: [String]) async throws -> [String: Job] {
        var jobs: [String: Job] = [:]
        var rest = photoIDs[...]
        while !rest.isEmpty {
            let keys = rest.prefix(100).map { [Key.id: RecordValue.string($0)] }
            rest = rest.dropFirst(100)
            for item in try await store({ try await dynamo.get(keys, from: table) }) {
                let row = JobRow(item)
                jobs[row.id] = row.job
            }
        }
        return jobs
    }

    func row(_ photoID: String) async throws -> JobRow? {
        try await store { try await dynamo.get([Key.id: .string(photoID)], from: table) }.map(JobRow.init)
    }

    // MARK: Requests

    func change(
        _ photoID: String, _ expression: Expression, returning: DynamoDB.Returning = .none
    ) async throws -> DynamoDB.Outcome {
        try await store {
            try await dynamo.update([Key.id: .string(photoID)], in: table, expression, returning: returning)
        }
    }

    private func contended(_ photoID: String) -> RenditionError {
        RenditionError(
            code: "contended", stage: .store, retriable: true,
            message: "A photo's job changes too often to be changed. It will be tried again.", detail: photoID)
    }

    /// What is due at once. Each process knows the store's time to half a second, and another's claim needn't wait for that.
    private static func atOnce(_ now: Timestamp) -> Timestamp { now + .seconds(-1) }

    static func value(_ moment: Timestamp) -> RecordValue { .number(String(moment.milliseconds)) }
}

extension PhotoRef {
    private var shard: Int { Lane.shard(galleryID: galleryID, photoID: id) }

    /// The numbers of the photo's lanes.
    func lane(_ lane: LaneClass) -> Int { Lane.number(lane, shard: shard) }
    var leasedLane: Int { Lane.leased(shard: shard) }
    var deadLane: Int { Lane.dead(shard: shard) }
}

extension QueueDepth {
    mutating func count(_ row: JobRow, at now: Timestamp) {
        guard let q = row.q, let due = row.dueAt, q != Lane.office, !Lane.mail.contains(q) else { return }
        if Lane.dead.contains(q) {
            dead += 1
            return
        }
        if let lane = Lane.waitingClass(of: q) { waiting[lane, default: 0] += 1 }
        if Lane.leased.contains(q) {
            leased += 1
        } else if due <= now {
            self.due += 1
            oldestDue = min(oldestDue ?? due, due)
        } else {
            delayed += 1
        }
        if due > now { nextDue = min(nextDue ?? due, due) }
    }
}
