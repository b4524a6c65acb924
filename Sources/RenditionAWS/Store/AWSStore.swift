import Foundation
import Logging
import RenditionCore

/// The platform's own store: DynamoDB for the queue and the records, S3 for the objects.
package struct AWSStore: PhotoStore {
    package let queue: any JobQueue
    package let records: any PhotoRecords
    package let objects: any ObjectStore
    package let clock: any StoreClock
    package let doorbell: Doorbell
    package let summary: String
    package let mail: (any MailLedger)?
    /// What has been sent so far, for the operator and for benchmarks.
    package let meter: RequestMeter

    let configuration: AWSConfiguration
    let dynamo: DynamoDB
    let s3: S3
    private let jobs: DynamoQueue
    private let index: StatusIndex
    private let housekeeper: Housekeeper
    private let transport: HTTPTransport
    private let covers: GalleryCovers

    /// Opens the store: looks who it is for, and learns the store's time, before any lease is measured by it.
    ///
    /// - Parameters:
    ///   - clock: The time in which leases are measured; nil for the store's own.
    ///   - checksTables: Whether the side table must be there; `setup` is what makes it.
    /// - Throws: A ``RenditionError`` of stage `store` with the remedy: `no_table`, `bad_credentials`, `unreachable`, …
    package static func open(
        _ configuration: AWSConfiguration, logger: Logger, clock: (any StoreClock)? = nil, checksTables: Bool = true
    ) async throws -> AWSStore {
        try await AWSStore(configuration, logger: logger, clock: clock, checksTables: checksTables)
    }

    private init(
        _ configuration: AWSConfiguration, logger: Logger, clock given: (any StoreClock)?, checksTables: Bool
    ) async throws {
        self.configuration = configuration
        let services = AWSServices(configuration, logger: logger)
        transport = services.transport
        let (dynamo, s3) = (services.dynamo, services.s3)
        (self.dynamo, self.s3) = (dynamo, s3)
        meter = services.context.meter
        let clock = given ?? (Safeguard.serverTime.isOn ? services.clock : SystemClock())
        self.clock = clock
        let tables = configuration.tables
        let jobs = DynamoQueue(dynamo: dynamo, table: tables.jobs, clock: clock, lease: configuration.officeLease * 2)
        self.jobs = jobs
        queue = jobs
        let records = DynamoRecords(dynamo: dynamo, tables: tables, logger: logger)
        covers = GalleryCovers(dynamo: dynamo, table: tables.galleries, logger: logger)
        self.records = records
        objects = S3Objects(s3: s3, names: configuration.buckets)
        index = StatusIndex(dynamo: dynamo, table: tables.photos)
        let poll = PollFeed(index: index, queue: jobs, records: records, clock: clock, logger: logger)
        let feed: (any Feed)? =
            switch configuration.feed {
            case .none: nil
            case .poll: poll
            case .streams:
                StreamFeed(
                    dynamo: dynamo, streams: services.streams, table: tables.photos, queue: jobs, records: records,
                    poll: poll, logger: logger)
            }
        housekeeper = Housekeeper(
            election: Election(
                dynamo: dynamo, table: tables.jobs, clock: clock, owner: configuration.owner,
                lease: configuration.officeLease, logger: logger),
            queue: jobs, feed: feed, silence: configuration.silence, logger: logger)
        mail = Self.mails(configuration, services, jobs, records, housekeeper, logger)
        // Not by the endpoint, which may have several names.
        doorbell = Doorbell(store: "aws/\(configuration.region)/\(tables.jobs)")
        do {
            async let check: Void = checksTables ? Self.check(jobs) : ()
            summary = try await Self.describe(configuration, services)
            try await check
        } catch {
            await transport.close()
            throw error
        }
    }

    private static func mails(
        _ configuration: AWSConfiguration, _ services: AWSServices, _ jobs: DynamoQueue, _ records: DynamoRecords,
        _ housekeeper: Housekeeper, _ logger: Logger
    ) -> PhotographerMails? {
        configuration.mail.map { mail in
            let (dynamo, tables) = (services.dynamo, configuration.tables)
            return PhotographerMails(
                queue: MailQueue(
                    dynamo: dynamo, table: tables.jobs, clock: jobs.clock, search: jobs.search,
                    lease: configuration.officeLease * 2),
                ses: services.ses, records: records, jobs: jobs,
                galleries: GalleryNames(dynamo: dynamo, table: tables.galleries),
                configuration: mail, region: configuration.region, logger: logger
            ) { await housekeeper.isKeepingHouse }
        }
    }

    /// Which store this is and as whom, in a line without secrets.
    private static func describe(_ configuration: AWSConfiguration, _ services: AWSServices) async throws -> String {
        try await RenditionAWS.store {
            let (credentials, source) = try await services.context.credentials.current()
            // Not every emulator, nor every network, has it; the key's id has to do then.
            let identity = (try? await services.sts.callerIdentity()) ?? "key \(credentials.accessKeyID)"
            let place = configuration.endpoint?.text ?? "AWS"
            let (tables, buckets) = (configuration.tables, configuration.buckets)
            return
                "store on S3 and DynamoDB at \(place), \(configuration.region); tables \(tables.photos), \(tables.jobs); "
                + "buckets \(buckets.photos), \(buckets.renditions); as \(identity) from \(source)"
        }
    }

    /// Looks for the side table with a request of the kind that the work makes.
    private static func check(_ jobs: DynamoQueue) async throws {
        _ = try await jobs.job(Election.row)
    }

    package func submit(_ record: PhotoRecord, lane: LaneClass) async throws {
        // The record first: whatever happens in between, its status tells that renditions are owed.
        guard try await records.insert(record) else { return }
        do {
            _ = try await queue.adopt(PhotoRef(id: record.id, galleryID: record.galleryID), lane: lane)
        } catch  where configuration.feed != .none {
            // The photo is in: whoever keeps house finds the record.
        }
    }

    package func withdraw(_ photoID: String) async throws {
        try await RenditionAWS.store {
            // The record first: whoever keeps house would queue it anew.
            for table in [configuration.tables.photos, configuration.tables.jobs] {
                try await dynamo.delete(["id": .string(photoID)], from: table)
            }
        }
    }

    package func tend() async throws -> Tended { try await housekeeper.tend() }

    /// What comes due at a known time is asked for then. Who looks for new photos itself learns of nearly all work by that.
    package func idleWait(afterSilence silence: Duration) -> Duration {
        let ceiling = housekeeper.isLooking ? configuration.officeLease : min(configuration.officeLease, .seconds(3))
        let wait = IdlePace(floor: .milliseconds(250), ceiling: ceiling).wait(afterSilence: silence)
        guard let next = jobs.search.nextDue else { return wait }
        // A chain of them isn't asked for one by one, nor by all workers at one moment.
        return min(wait, max(.milliseconds(250), next - clock.now) * Double.random(in: 1...1.1))
    }

    package func isFed() async throws -> Bool {
        guard configuration.feed != .none else { return true }
        return try await RenditionAWS.store {
            var isFed = true
            try await index.processing { entries in
                let known = try await jobs.jobs(entries.map(\.photo.id))
                // What was queued a moment ago may not show in the queue's index yet.
                isFed = entries.allSatisfy { [.done, .dead].contains(known[$0.photo.id]?.state) }
                return isFed
            }
            return isFed
        }
    }

    /// S3 shows no half-written objects, and gives up no upload that may still be going on.
    package func sweep() async throws {}

    package func close() async {
        await housekeeper.resign()
        await transport.close()
    }

    /// How many attributes of a photo's gallery a rendering would change; nil where the gallery isn't even looked at.
    package func coverUpdates(_ record: PhotoRecord, staysSame: Bool) async throws -> Int? {
        try await RenditionAWS.store { try await covers.updates(record, staysSame: staysSame) }
    }

    /// Makes the worker's own table and the index through which records are found, and waits until they can be used.
    package func setup(_ tell: @escaping @Sendable (String) -> Void) async throws {
        try await RenditionAWS.store {
            let table = TableSetup(dynamo: dynamo, isDry: false, tell: tell)
            try await AWSSetup.makeQueue(configuration, table)
        }
    }
}
