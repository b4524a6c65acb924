import Logging
import RenditionCore

/// What one worker of all does for the others: finds new photos and takes back expired leases.
actor Housekeeper {
    private let election: Election
    private let queue: DynamoQueue
    /// nil where records are not looked for.
    private let feed: (any Feed)?
    private let logger: Logger
    private var nextSweep = ContinuousClock.now
    private var nextLook = ContinuousClock.now
    private var emptyLooks = 0
    private var failedLooks = 0
    private var recovered = 0

    init(election: Election, queue: DynamoQueue, feed: (any Feed)?, logger: Logger) {
        self.election = election
        self.queue = queue
        self.feed = feed
        self.logger = logger
    }

    /// Does what is due, where this worker holds the office.
    func tend() async throws -> Tended {
        try await store {
            guard try await election.stand() else { return Tended() }
            try await sweepIfDue()
            let found = await lookIfDue()
            defer { recovered = 0 }
            return Tended(recovered: recovered, found: found)
        }
    }

    func resign() async { await election.resign() }

    private func sweepIfDue() async throws {
        guard nextSweep <= .now else { return }
        nextSweep = .now + .seconds(1)
        recovered += try await queue.reap()
    }

    /// Looks for new photos. What fails here keeps nobody from those that are queued: it is said, and tried again later.
    private func lookIfDue() async -> Int {
        guard let feed, nextLook <= .now else { return 0 }
        do {
            let found = try await store { try await feed.look { [self] in await mayGoOn() } }
            (failedLooks, emptyLooks) = (0, found > 0 ? 0 : emptyLooks + 1)
            nextLook = .now + min(.seconds(2), .milliseconds(250) * (1 << min(emptyLooks, 4)))
            return found
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
            guard try await election.stand() else { return false }
            try await sweepIfDue()
            return true
        } catch {
            return false
        }
    }
}
