import RenditionCore
import Synchronization

/// Follows photos through the queue while the fleet renders them, by reading their rows at a pace that the store hardly
/// notices.
actor FollowQueue {
    private let queue: any JobQueue
    private let tally: RunTally
    private var owed: [PhotoRef] = []

    /// Rows that are read at once.
    private static let batch = 100

    init(_ queue: any JobQueue, _ tally: RunTally) {
        self.queue = queue
        self.tally = tally
    }

    func add(_ photos: [PhotoRef]) { owed += photos }

    var isEmpty: Bool { owed.isEmpty }

    /// Reads some of the rows, those that were read longest ago: a hundredth a second, and a hundred at least.
    func look() async throws {
        let count = max(Self.batch, min(10 * Self.batch, owed.count / 100))
        var rest = Array(owed.prefix(count))
        owed.removeFirst(rest.count)
        while !rest.isEmpty {
            let some = Array(rest.prefix(Self.batch))
            let rows: [String: Job]
            do {
                rows = try await queue.jobs(some.map(\.id))
            } catch {
                owed += rest
                throw error
            }
            rest.removeFirst(some.count)
            for photo in some {
                switch rows[photo.id]?.state {
                case .queued?, .leased?: owed.append(photo)
                case .done?: tally.ended(photo, .done)
                case .dead?: tally.ended(photo, .failed(rows[photo.id]?.lastError))
                case nil: tally.ended(photo, .dropped)
                }
            }
        }
    }
}
