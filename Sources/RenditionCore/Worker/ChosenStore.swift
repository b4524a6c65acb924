/// A store whose queue hands out chosen photos and no others, so that a draining ``Worker`` renders exactly these here.
///
/// Everything else is the store's that it wraps: leases, fences, retries, records, objects. A chosen photo is queued and at
/// once claimed by its id; one that another worker holds is left to that worker and waited for. Nobody keeps house here but
/// for leases of chosen photos that have run out. Any thread may use it.
package struct ChosenStore: PhotoStore {
    private let base: any PhotoStore
    private let chosen: ChosenQueue

    /// - Parameter onEnd: Told of each chosen photo once, when it is owed no more; called from any thread.
    package init(_ base: any PhotoStore, onEnd: @escaping @Sendable (PhotoRef, ChosenEnd) -> Void = { _, _ in }) {
        self.base = base
        chosen = ChosenQueue(base.queue, clock: base.clock, onEnd: onEnd)
    }

    /// Hands photos to the worker. It waits while many are in its line.
    ///
    /// - Throws: `CancellationError` when cancelled while waiting; the photos are chosen all the same.
    package func choose(_ photos: [ChosenPhoto]) async throws { try await chosen.choose(photos) }

    /// Says that all were chosen: the worker returns when they have ended.
    package func complete() { chosen.complete() }

    package var queue: any JobQueue { chosen }
    package var records: any PhotoRecords { base.records }
    package var objects: any ObjectStore { base.objects }
    package var clock: any StoreClock { base.clock }
    package var doorbell: Doorbell { base.doorbell }
    package var summary: String { base.summary }
    package var mail: (any MailLedger)? { base.mail }

    package func submit(_ record: PhotoRecord, lane: LaneClass) async throws {
        try await base.submit(record, lane: lane)
    }

    package func withdraw(_ photoID: String) async throws { try await base.withdraw(photoID) }

    /// Others keep house.
    package func tend() async throws -> Tended { Tended() }

    package func idleWait(afterSilence silence: Duration) -> Duration { chosen.idleWait }

    package func isFed() async throws -> Bool { chosen.isComplete }

    package func sweep() async throws { try await base.sweep() }

    /// The wrapped store stays open.
    package func close() async {}
}
