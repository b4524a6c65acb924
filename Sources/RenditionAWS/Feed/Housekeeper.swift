import Logging
import RenditionCore

/// What one worker of all does for the others: finds new photos and takes back expired leases.
actor Housekeeper {
    private let election: Election
    private let queue: DynamoQueue
    /// nil where records are not looked for.
    private let feed: (any Feed)?
    private var nextSweep = ContinuousClock.now
    private var nextLook = ContinuousClock.now
    private var emptyLooks = 0

    init(election: Election, queue: DynamoQueue, feed: (any Feed)?) {
        self.election = election
        self.queue = queue
        self.feed = feed
    }

    /// Does what is due, where this worker holds the office.
    func tend() async throws -> Tended {
        try await store {
            var done = Tended()
            guard try await election.stand() else { return done }
            if nextSweep <= .now {
                done.recovered = try await queue.reap()
                // Whoever takes a lease now keeps it for seconds: an empty sweep needn't be repeated at once.
                nextSweep = .now + (done.recovered > 0 ? .milliseconds(500) : .seconds(1))
            }
            guard let feed, nextLook <= .now else { return done }
            done.found = try await feed.look { [election] in (try? await election.stand()) == true }
            emptyLooks = done.found > 0 ? 0 : emptyLooks + 1
            nextLook = .now + min(.seconds(2), .milliseconds(250) * (1 << min(emptyLooks, 4)))
            return done
        }
    }

    func resign() async { await election.resign() }
}
