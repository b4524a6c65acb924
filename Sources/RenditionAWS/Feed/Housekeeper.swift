import Logging
import RenditionCore
import Synchronization

/// What one worker of all does for the others: finds new photos and takes back expired leases.
actor Housekeeper {
    private let election: Election
    private let queue: DynamoQueue
    /// nil where records are not looked for.
    private let feed: (any Feed)?
    private let logger: Logger
    private var nextSweep = ContinuousClock.now
    private var nextLook = ContinuousClock.now
    private var lastFound: ContinuousClock.Instant
    private var failedLooks = 0
    private var recovered = 0
    private let looking = Mutex(false)

    /// Between two looks for new photos.
    private static let pace = IdlePace(floor: .milliseconds(250), ceiling: .milliseconds(3500))

    /// - Parameter silence: How long no photo is taken to have been found at first.
    init(election: Election, queue: DynamoQueue, feed: (any Feed)?, silence: Duration, logger: Logger) {
        self.election = election
        self.queue = queue
        self.feed = feed
        self.logger = logger
        lastFound = .now - silence
    }

    /// Whether this worker finds all new photos itself, and needs no polls of the queue to learn of them.
    nonisolated var isLooking: Bool { looking.withLock { $0 } }

    /// Does what is due, where this worker holds the office.
    func tend() async throws -> Tended {
        defer { recovered = 0 }
        do {
            return try await store {
                guard try await stand() else {
                    looking.withLock { $0 = false }
                    // Whoever keeps house may have fallen silent as well.
                    if queue.search.showsLease(overdueBy: .seconds(2)) { recovered += try await queue.reap() }
                    return Tended(recovered: recovered)
                }
                let found = await lookIfDue()
                try await sweepIfDue()
                let isLooking = feed != nil && failedLooks == 0
                looking.withLock { $0 = isLooking }
                return Tended(recovered: recovered, found: found, again: isLooking ? nextLook - .now : nil)
            }
        } catch {
            looking.withLock { $0 = false }
            throw error
        }
    }

    /// Whether this worker holds the office now.
    nonisolated var isKeepingHouse: Bool { get async { await election.isMine } }

    func resign() async { await election.resign() }

    private func stand() async throws -> Bool {
        try await election.stand(seenHeldUntil: queue.search.officeUntil, isQuiet: queue.search.isQuiet)
    }

    /// Looks for expired leases once a second, which asks for nothing while none can have expired.
    private func sweepIfDue() async throws {
        guard nextSweep <= .now else { return }
        nextSweep = .now + .seconds(1)
        recovered += try await queue.reap()
    }

    /// Looks for new photos. What fails here keeps nobody from those that are queued: it is said, and tried again later.
    private func lookIfDue() async -> Int {
        guard let feed, nextLook <= .now else { return 0 }
        do {
            let look = try await store { try await feed.look { [self] in await mayGoOn() } }
            failedLooks = 0
            if look.found > 0 { lastFound = .now }
            // A look that shows many is dear, and the next one isn't urgent: there is work for seconds.
            let dear = min(.seconds(5), .microseconds(2500) * look.seen)
            nextLook = .now + max(dear, Self.pace.wait(afterSilence: .now - lastFound))
            return look.found
        } catch is CancellationError {
            return 0
        } catch {
            failedLooks += 1
            nextLook = .now + Backoff.outage.delay(after: failedLooks)
            logger.error("New photos can't be looked for: \(error)")
            return 0
        }
    }

    /// A look at a long backlog takes minutes; the leases of dead workers don't wait for its end.
    private func mayGoOn() async -> Bool {
        do {
            guard try await stand() else { return false }
            try await sweepIfDue()
            return true
        } catch {
            return false
        }
    }
}
