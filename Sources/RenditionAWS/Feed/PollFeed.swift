import Foundation
import Logging
import RenditionCore

/// Asks the photos table's StatusIndex for records that owe renditions.
///
/// Most looks ask only for records that were just made, and every ten seconds for those of the last minutes. A full look, at first and then once a minute, also finds what came late
/// into the index, and photos that still owe renditions although their job ended: those are queued anew.
actor PollFeed: Feed {
    private let index: StatusIndex
    private let queue: DynamoQueue
    private let records: DynamoRecords
    private let clock: any StoreClock
    private let logger: Logger

    /// Ids that have a row, for sure; forgotten when there are many.
    private var known: Set<String> = []
    private var newest: Timestamp?
    private var nextWide = ContinuousClock.now
    private var nextFull = ContinuousClock.now

    private static let fullInterval = Duration.seconds(60)
    private static let wideInterval = Duration.seconds(10)
    /// How far before the newest record a look begins: the backend's machines' clocks differ, and indexes lag. All that is
    /// still owed is read again, so most looks begin later.
    private static let overlap = Duration.seconds(5)
    private static let wideOverlap = Duration.seconds(120)
    /// How long after its job's end a photo may still seem to owe renditions: indexes lag.
    static let patience = Duration.seconds(600)

    init(
        index: StatusIndex, queue: DynamoQueue, records: DynamoRecords, clock: any StoreClock, logger: Logger
    ) {
        self.index = index
        self.queue = queue
        self.records = records
        self.clock = clock
        self.logger = logger
    }

    func look(while mayGoOn: @Sendable () async -> Bool) async throws -> Look {
        if known.count > 200_000 { known = [] }
        if nextFull <= .now { return try await fullLook(while: mayGoOn) }
        var look = Look()
        let isWide = nextWide <= .now
        if isWide { nextWide = .now + Self.wideInterval }
        let overlap = isWide ? Self.wideOverlap : Self.overlap
        try await index.processing(since: newest.map { ($0 + (.zero - overlap)).iso8601 }) { entries in
            let new = entries.filter { !known.contains($0.photo.id) && !$0.photo.id.isEmpty }
            // One that somebody else has queued meanwhile is news too.
            look.found += new.count
            look.seen += entries.count
            _ = try await adopt(new)
            remember(entries)
            return await mayGoOn()
        }
        return look
    }

    private func fullLook(while mayGoOn: @Sendable () async -> Bool) async throws -> Look {
        let began = ContinuousClock.now
        var look = Look()
        var isWhole = true
        try await index.processing { entries in
            let jobs = try await queue.jobs(entries.map(\.photo.id))
            // What somebody else has queued is news all the same.
            look.found += jobs.values.filter { $0.state == .queued && !known.contains($0.photo.id) }.count
            known.formUnion(jobs.keys)
            look.seen += entries.count
            look.found += try await adopt(entries.filter { jobs[$0.photo.id] == nil })
            for entry in entries {
                if let job = jobs[entry.photo.id], try await kickIfForgotten(entry.photo, job) { look.found += 1 }
            }
            remember(entries)
            isWhole = await mayGoOn()
            return isWhole
        }
        // A look at a long backlog is dear: it takes a twentieth of the time at most.
        if isWhole { nextFull = .now + max(Self.fullInterval, (ContinuousClock.now - began) * 20) }
        return look
    }

    private func remember(_ entries: [StatusIndex.Entry]) {
        // A record that is dated ahead, or holds no date, must not make the window narrower than it is.
        let now = clock.now
        let dates = entries.compactMap { Timestamp(iso8601: $0.createdAt) }.filter { $0 <= now }
        newest = ([newest].compactMap { $0 } + dates).max()
    }

    /// Queues records that have no row.
    private func adopt(_ entries: [StatusIndex.Entry]) async throws -> Int {
        let queue = queue
        var rest = entries.filter { !$0.photo.id.isEmpty }[...]
        var found = 0
        while !rest.isEmpty {
            let batch = rest.prefix(16)
            rest = rest.dropFirst(16)
            found += try await withThrowingTaskGroup(of: Bool.self) { group in
                for entry in batch { group.addTask { try await queue.adopt(entry.photo, lane: .fresh) } }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            known.formUnion(batch.map(\.photo.id))
        }
        return found
    }

    /// Queues a photo anew whose job has ended while its record says that renditions are owed: it was set back to
    /// processing later, or the record was rolled back.
    private func kickIfForgotten(_ photo: PhotoRef, _ job: Job) async throws -> Bool {
        let isForgotten: Bool
        switch job.state {
        case .queued, .leased: return false
        case .done:
            guard let done = job.doneAt, clock.now - done > Self.patience else { return false }
            isForgotten = try await records.record(photo.id)?.status == PhotoStatus.processing
        case .dead:
            // A dead letter's record says failed; it says processing again once somebody has changed it.
            guard let died = job.dueAt, let record = try await records.record(photo.id) else { return false }
            let changed = record["updated_at"].flatMap(Timestamp.init(iso8601:))
            isForgotten = record.status == PhotoStatus.processing && (changed.map { $0 > died } ?? false)
        }
        guard isForgotten else { return false }
        try await queue.enqueue(photo, lane: .fresh)
        logger.notice("Its job had ended, but renditions are owed: queued anew.", metadata: ["photo": "\(photo.id)"])
        return true
    }
}
