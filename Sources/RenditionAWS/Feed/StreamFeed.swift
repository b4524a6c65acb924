import Logging
import RenditionCore

/// Follows the photos table's stream for records that come to owe renditions.
///
/// It begins at the stream's end and then lets the ``PollFeed`` look once in full, so that nothing falls between. The
/// full look is repeated now and then: a stream forgets after a day, and a feeder may have been silent for longer.
actor StreamFeed: Feed {
    private let dynamo: DynamoDB
    private let streams: DynamoDBStreams
    private let table: String
    private let queue: DynamoQueue
    private let records: DynamoRecords
    private let poll: PollFeed
    private let logger: Logger

    private var stream: String?
    /// Where to read on in each open shard.
    private var iterators: [String: String] = [:]
    private var finished: Set<String> = []
    private var nextShardLook = ContinuousClock.now
    private var nextPoll = ContinuousClock.now

    private static let pollInterval = Duration.seconds(60)
    private static let shardInterval = Duration.seconds(30)

    init(
        dynamo: DynamoDB, streams: DynamoDBStreams, table: String, queue: DynamoQueue, records: DynamoRecords,
        poll: PollFeed, logger: Logger
    ) {
        self.dynamo = dynamo
        self.streams = streams
        self.table = table
        self.queue = queue
        self.records = records
        self.poll = poll
        self.logger = logger
    }

    func look(while mayGoOn: @Sendable () async -> Bool) async throws -> Look {
        var look = Look()
        do {
            if stream == nil { try await begin() }
            if nextShardLook <= .now || iterators.isEmpty { try await findShards(from: .oldest) }
            for shard in iterators.keys.sorted() {
                // Changes that are nothing to this worker may stand before one that is.
                for _ in 0..<20 where await mayGoOn() {
                    let (found, isAtItsEnd) = try await readOn(shard)
                    look.found += found
                    if isAtItsEnd { break }
                }
            }
        } catch let failure as AWSFailure where Self.restarts.contains(failure.code) {
            // Silent for too long: what was missed is for the full look.
            logger.notice("The stream is begun anew: \(failure)")
            (stream, iterators, finished, nextPoll) = (nil, [:], [], .now)
            return look
        }
        if nextPoll <= .now, await mayGoOn() {
            let whole = try await poll.look(while: mayGoOn)
            look.found += whole.found
            look.seen += whole.seen
            nextPoll = .now + Self.pollInterval
        }
        return look
    }

    private static let restarts: Set<String> = [
        "ExpiredIteratorException", "TrimmedDataAccessException", "ResourceNotFoundException",
    ]

    private func begin() async throws {
        let description = try await dynamo.describe(table)
        guard description?.streamSpecification?.streamEnabled == true, let arn = description?.latestStreamArn else {
            throw RenditionError(
                code: "no_stream", stage: .store, retriable: true,
                message:
                    "The table \(table) has no stream. `renditions setup` with RENDITIONS_FEED=streams turns it on.")
        }
        stream = arn
        try await findShards(from: .latest)
    }

    /// Begins to follow shards that are new; a shard that followed another is read from its beginning.
    private func findShards(from start: DynamoDBStreams.Start) async throws {
        guard let stream else { return }
        let shards = try await streams.shards(of: stream)
        for shard in shards where iterators[shard.shardId] == nil && !finished.contains(shard.shardId) {
            if start == .latest, !shard.isOpen {
                finished.insert(shard.shardId)
            } else {
                iterators[shard.shardId] = try await streams.iterator(of: shard.shardId, in: stream, from: start)
            }
        }
        finished.formIntersection(shards.map(\.shardId))
        nextShardLook = .now + Self.shardInterval
    }

    /// Reads a page of a shard.
    ///
    /// - Returns: how many photos were found, and whether nothing more is there now.
    private func readOn(_ shard: String) async throws -> (found: Int, isAtItsEnd: Bool) {
        guard let iterator = iterators[shard] else { return (0, true) }
        let (changes, next) = try await streams.changes(from: iterator)
        var found = 0
        for change in changes where try await queuePhoto(of: change) { found += 1 }
        // Only now: what failed on the way is read once more.
        iterators[shard] = next
        if next == nil {
            finished.insert(shard)
            nextShardLook = .now
        }
        return (found, changes.isEmpty || next == nil)
    }

    private func queuePhoto(of change: DynamoDBStreams.Change) async throws -> Bool {
        guard change.eventName != "REMOVE", let id = change.dynamodb.keys?["id"]?.string else { return false }
        // A stream may be set to carry keys only.
        let record =
            if let image = change.dynamodb.newImage { PhotoRecord(attributes: image) } else {
                try await records.record(id)
            }
        guard let record, record.status == PhotoStatus.processing else { return false }
        let photo = PhotoRef(id: id, galleryID: record.galleryID)
        if try await queue.adopt(photo, lane: .fresh) { return true }
        guard let before = change.dynamodb.oldImage.map(PhotoRecord.init(attributes:)),
            before.status != PhotoStatus.processing || before.s3Key != record.s3Key
            // One that somebody else has queued is news all the same.
        else { return change.eventName == "INSERT" }
        try await queue.enqueue(photo, lane: .fresh)
        return true
    }
}
