import RenditionCore

/// Counts the requests of a photo's way before anybody makes them, given that each step succeeds at the first try and is
/// over before its lease has to be renewed.
///
/// The requests are exact. DynamoDB's units follow from the items' sizes: a job's row counts as 1 KB.
package struct RequestForecast: Sendable {
    /// What of a photo's state its way depends on.
    package struct Photo: Sendable {
        package var record: PhotoRecord
        /// Its row before the run.
        package var job: Job?
        /// What was found when the worker's own look was made; nil where the worker won't look, since it is forced.
        package var look: Currency.Look?
        /// Whether its bytes are sure to come out as they are: they are made by the same recipe.
        package var staysSame: Bool
        /// Files that a rendering leaves.
        package var files: Int
        /// Whether there is a record of its user.
        package var hasUser: Bool
        /// Whether its user has a logo.
        package var hasLogo: Bool

        package init(
            record: PhotoRecord, job: Job?, look: Currency.Look?, staysSame: Bool, files: Int, hasUser: Bool,
            hasLogo: Bool
        ) {
            self.record = record
            self.job = job
            self.look = look
            self.staysSame = staysSame
            self.files = files
            self.hasUser = hasUser
            self.hasLogo = hasLogo
        }
    }

    package private(set) var counts: [String: RequestMeter.Count] = [:]
    private let store: AWSStore

    package init(_ store: AWSStore) { self.store = store }

    private mutating func add(_ call: String, _ requests: Int = 1, units: Double = 0) {
        guard requests > 0 else { return }
        counts[call, default: RequestMeter.Count()].requests += requests
        counts[call, default: RequestMeter.Count()].units += units
    }

    // MARK: Steps

    /// The photo is put into the queue. A leased one is asked twice, since it takes another change.
    package mutating func queue(_ job: Job?) {
        let isLeased = job?.state == .leased
        // The row, and its entry in the index of owed work.
        add("DynamoDB UpdateItem", isLeased ? 2 : 1, units: 2)
    }

    /// The photo is claimed by its id. A row with a long history is shortened.
    package mutating func claim(_ photo: Photo) async throws {
        add("DynamoDB GetItem", units: 1)
        // A changed place in an index is a removal and an insertion.
        add("DynamoDB UpdateItem", units: 3)
        guard let job = photo.job, job.fence >= JobLog.length / 4 else { return }
        let events = try await store.queue.history(photo.record.id).count + 2
        if events > JobLog.length { add("DynamoDB UpdateItem", units: 1) }
    }

    /// All that a worker does of a photo that it has claimed.
    package mutating func handle(_ photo: Photo) async throws {
        let record = photo.record
        let kilobytes = (Double(Self.size(of: record)) / 1024).rounded(.up)
        add("DynamoDB GetItem", units: (kilobytes / 4).rounded(.up))
        if record.userID != nil {
            // Users that are there are found by an address that is known by now; of others the index is asked each time.
            if photo.hasUser { add("DynamoDB GetItem", units: 1) } else { add("DynamoDB Query", units: 0.5) }
        }
        if photo.hasLogo { add("S3 HeadObject") }
        if let look = photo.look { add("S3 HeadObject", look.heads) }
        if photo.look?.isCurrent != true {
            add("S3 GetObject")
            add("DynamoDB UpdateItem", units: 3)
            let isFirst = (photo.job?.fence ?? 0) == 0
            if !isFirst { add("S3 HeadObject", photo.files) }
            add("S3 PutObject", photo.files)
            add("S3 HeadObject")
            // The record and its copies in both of the platform's indexes; a status of the platform's own is met by a
            // second request.
            let isOwn = PhotoStatus.workersOwn.contains(record.status)
            // As a rule at most: photos of a gallery that are done soon after each other share a mark, and one that began to
            // owe before those that were marked makes two.
            if store.mail != nil, isOwn { add("DynamoDB UpdateItem", units: 3) }
            add("DynamoDB UpdateItem", isOwn ? 1 : 2, units: kilobytes * 3 + (isOwn ? 2 : kilobytes))
            try await cover(photo)
        }
        add("DynamoDB UpdateItem", units: 2)
    }

    private mutating func cover(_ photo: Photo) async throws {
        guard let updates = try await store.coverUpdates(photo.record, staysSame: photo.staysSame) else { return }
        add("DynamoDB GetItem", units: 0.5)
        add("DynamoDB UpdateItem", updates, units: Double(updates) * 2)
    }

    /// The bytes of an item, about as DynamoDB counts them: names and values.
    private static func size(of record: PhotoRecord) -> Int {
        record.attributes.reduce(0) { $0 + $1.key.utf8.count + size(of: $1.value) }
    }

    private static func size(of value: RecordValue) -> Int {
        switch value {
        case .string(let text): text.utf8.count
        case .number(let text): text.utf8.count / 2 + 2
        case .bool, .null: 1
        case .list(let values): values.reduce(3) { $0 + 1 + size(of: $1) }
        case .map(let values): values.reduce(3) { $0 + 1 + $1.key.utf8.count + size(of: $1.value) }
        case .binary(let data): data.count
        case .stringSet(let texts), .numberSet(let texts): texts.reduce(3) { $0 + 1 + $1.utf8.count }
        case .binarySet(let values): values.reduce(3) { $0 + 1 + $1.count }
        }
    }
}
