/// What became of the end of a lease.
package enum FinishOutcome: Sendable, Hashable {
    /// The job stands as was asked for.
    case done
    /// The photo was queued again during the lease; it stands in its lane once more.
    case requeued
    /// The lease was no longer mine; nothing was changed.
    case lost
}

/// The queue of owed renditions: one row a photo, leased to one worker at a time.
///
/// Rows are kept after the work is done, so that `fence` stays monotonic. Each operation is atomic and happens only
/// under its condition; one whose condition fails changes nothing. All members may be called concurrently, from several
/// processes, and throw a ``RenditionError`` of stage `store` when the store itself is unable.
package protocol JobQueue: Sendable {
    /// Queues a photo that the queue has never seen.
    ///
    /// - Returns: false where it has a row already, which stays as it is.
    func adopt(_ photo: PhotoRef, lane: LaneClass, note: JobNote) async throws -> Bool

    /// Queues a photo anew, whatever its row says. A leased one gets another round after this one.
    ///
    /// - Parameter note: Stays until the work is done; forced once, it is forced until then.
    func enqueue(_ photo: PhotoRef, lane: LaneClass, note: JobNote) async throws

    /// Leases up to `limit` due photos to `owner` and counts the attempt.
    ///
    /// A photo that was claimed before is handed out alone: it may be what its last worker died of, and whoever is
    /// leased together with it would lose an attempt too.
    func claim(upTo limit: Int, owner: String, lease: Duration) async throws -> [Lease]

    /// Leases one photo that waits in the queue, due or not, and counts the attempt.
    ///
    /// - Returns: nil where it doesn't wait there, or somebody else was quicker.
    func claim(_ photoID: String, owner: String, lease: Duration) async throws -> Lease?

    /// Prolongs a lease to `duration` from now.
    ///
    /// - Returns: false where the lease is no longer mine.
    func renew(_ lease: Lease, for duration: Duration) async throws -> Bool

    /// Ends a lease with the work done.
    func finish(_ lease: Lease, recipe: String) async throws -> FinishOutcome

    /// Ends a lease with a failure; the photo may be claimed again after the delay.
    ///
    /// - Returns: false where the lease is no longer mine.
    func fail(_ lease: Lease, error: RenditionError, retryAfter delay: Duration) async throws -> Bool

    /// Ends a lease with a final failure: the photo becomes a dead letter, unless it was queued again meanwhile.
    func bury(_ lease: Lease, error: RenditionError) async throws -> FinishOutcome

    /// Gives a lease back unused: the attempt doesn't count and the photo goes to the expedite lane.
    ///
    /// - Parameter fence: What the next claim's fence must exceed; a lower one than the row's changes nothing.
    /// - Returns: false where the lease is no longer mine.
    func release(_ lease: Lease, reason: String, fence: Int) async throws -> Bool

    /// Takes back the leases that have expired.
    ///
    /// - Returns: how many.
    func reap() async throws -> Int

    /// Queues a dead letter again, with its attempts forgotten, after the delay.
    ///
    /// - Returns: false where the photo isn't a dead letter.
    func redrive(_ photoID: String, after delay: Duration) async throws -> Bool

    /// Dead letters, a page at a time; within a gallery those that have been dead the longest come first.
    ///
    /// - Parameter page: Is handed up to a hundred, and says whether to go on.
    func deadLetters(_ page: ([DeadLetter]) async throws -> Bool) async throws

    /// Takes a dead letter out of the queue, its work undone. Its row stays, since fences only grow.
    ///
    /// - Returns: false where the photo isn't a dead letter.
    func drop(_ photoID: String) async throws -> Bool

    func job(_ photoID: String) async throws -> Job?

    /// The rows of several photos; those that have none are left out.
    func jobs(_ photoIDs: [String]) async throws -> [String: Job]

    func depth() async throws -> QueueDepth

    /// What workers have in their hands, so many rows at most, in no order.
    func leased(upTo limit: Int) async throws -> [Job]

    /// What happened to a photo, oldest first; a store may forget old events.
    func history(_ photoID: String) async throws -> [JobEvent]
}

extension JobQueue {
    package func adopt(_ photo: PhotoRef, lane: LaneClass) async throws -> Bool {
        try await adopt(photo, lane: lane, note: .none)
    }

    package func enqueue(_ photo: PhotoRef, lane: LaneClass) async throws {
        try await enqueue(photo, lane: lane, note: .none)
    }
}
