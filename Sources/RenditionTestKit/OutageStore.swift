import RenditionCore
import Synchronization

/// A real store whose queue and records can be made unreachable, as a full disk or a lost network does.
package final class OutageStore: PhotoStore {
    private let store: any PhotoStore
    private let isOut = Mutex(false)

    package init(_ store: any PhotoStore) { self.store = store }

    /// Begins or ends an outage.
    package func setOutage(_ out: Bool) { isOut.withLock { $0 = out } }

    package var queue: any JobQueue { OutageQueue(queue: store.queue, gate: self) }
    package var records: any PhotoRecords { OutageRecords(records: store.records, gate: self) }
    package var objects: any ObjectStore { store.objects }
    package var clock: any StoreClock { store.clock }
    package var doorbell: Doorbell { store.doorbell }
    package var summary: String { store.summary }
    package var mail: (any MailLedger)? { store.mail }

    package func submit(_ record: PhotoRecord, lane: LaneClass) async throws {
        try check()
        try await store.submit(record, lane: lane)
    }

    package func withdraw(_ photoID: String) async throws {
        try check()
        try await store.withdraw(photoID)
    }

    package func tend() async throws -> Tended {
        try check()
        return try await store.tend()
    }

    package func idleWait(afterSilence silence: Duration) -> Duration { store.idleWait(afterSilence: silence) }

    package func isFed() async throws -> Bool { try await store.isFed() }

    package func sweep() async throws { try await store.sweep() }

    package func close() async { await store.close() }

    fileprivate func check() throws {
        guard isOut.withLock({ $0 }) else { return }
        throw RenditionError(code: "out", stage: .store, retriable: true, message: "The store is out, for the test.")
    }
}

private struct OutageQueue: JobQueue {
    let queue: any JobQueue
    let gate: OutageStore

    func adopt(_ photo: PhotoRef, lane: LaneClass, note: JobNote) async throws -> Bool {
        try gate.check()
        return try await queue.adopt(photo, lane: lane, note: note)
    }

    func enqueue(_ photo: PhotoRef, lane: LaneClass, note: JobNote) async throws {
        try gate.check()
        try await queue.enqueue(photo, lane: lane, note: note)
    }

    func claim(_ photoID: String, owner: String, lease: Duration) async throws -> Lease? {
        try gate.check()
        return try await queue.claim(photoID, owner: owner, lease: lease)
    }

    func claim(upTo limit: Int, owner: String, lease: Duration) async throws -> [Lease] {
        try gate.check()
        return try await queue.claim(upTo: limit, owner: owner, lease: lease)
    }

    func renew(_ lease: Lease, for duration: Duration) async throws -> Bool {
        try gate.check()
        return try await queue.renew(lease, for: duration)
    }

    func finish(_ lease: Lease, recipe: String) async throws -> FinishOutcome {
        try gate.check()
        return try await queue.finish(lease, recipe: recipe)
    }

    func fail(_ lease: Lease, error: RenditionError, retryAfter delay: Duration) async throws -> Bool {
        try gate.check()
        return try await queue.fail(lease, error: error, retryAfter: delay)
    }

    func bury(_ lease: Lease, error: RenditionError) async throws -> FinishOutcome {
        try gate.check()
        return try await queue.bury(lease, error: error)
    }

    func release(_ lease: Lease, reason: String, fence: Int) async throws -> Bool {
        try gate.check()
        return try await queue.release(lease, reason: reason, fence: fence)
    }

    func reap() async throws -> Int {
        try gate.check()
        return try await queue.reap()
    }

    func redrive(_ photoID: String, after delay: Duration) async throws -> Bool {
        try gate.check()
        return try await queue.redrive(photoID, after: delay)
    }

    func deadLetters(_ page: ([DeadLetter]) async throws -> Bool) async throws {
        try gate.check()
        try await queue.deadLetters(page)
    }

    func drop(_ photoID: String) async throws -> Bool {
        try gate.check()
        return try await queue.drop(photoID)
    }

    func job(_ photoID: String) async throws -> Job? {
        try gate.check()
        return try await queue.job(photoID)
    }

    func jobs(_ photoIDs: [String]) async throws -> [String: Job] {
        try gate.check()
        return try await queue.jobs(photoIDs)
    }

    func leased(upTo limit: Int) async throws -> [Job] {
        try gate.check()
        return try await queue.leased(upTo: limit)
    }

    func depth() async throws -> QueueDepth {
        try gate.check()
        return try await queue.depth()
    }

    func history(_ photoID: String) async throws -> [JobEvent] {
        try gate.check()
        return try await queue.history(photoID)
    }
}

private struct OutageRecords: PhotoRecords {
    let records: any PhotoRecords
    let gate: OutageStore

    func record(_ photoID: String) async throws -> PhotoRecord? {
        try gate.check()
        return try await records.record(photoID)
    }

    func record(originalKey key: String, searching: Bool) async throws -> PhotoRecord? {
        try gate.check()
        return try await records.record(originalKey: key, searching: searching)
    }

    func insert(_ record: PhotoRecord) async throws -> Bool {
        try gate.check()
        return try await records.insert(record)
    }

    func commit(_ change: RecordCommit) async throws -> CommitOutcome {
        try gate.check()
        return try await records.commit(change)
    }

    func gallery(_ galleryID: String) async throws -> [PhotoRecord] {
        try gate.check()
        return try await records.gallery(galleryID)
    }

    func records(of scope: PhotoScope, _ page: ([PhotoRecord]) async throws -> Bool) async throws {
        try gate.check()
        try await records.records(of: scope, page)
    }

    func photographer(_ id: String) async throws -> Photographer? {
        try gate.check()
        return try await records.photographer(id)
    }
}
