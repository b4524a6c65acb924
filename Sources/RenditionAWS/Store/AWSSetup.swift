import RenditionCore

/// Makes what the worker needs beside the platform's own tables. Doing it twice changes nothing.
struct AWSSetup: Sendable {
    let dynamo: DynamoDB
    let tables: TableNames
    let feed: FeedKind

    func run(_ tell: @Sendable (String) -> Void) async throws {
        guard let photos = try await dynamo.describe(tables.photos) else {
            throw RenditionError(
                code: "no_table", stage: .store, retriable: false,
                message: "There is no table \(tables.photos), which is the platform's own to make. "
                    + "Check DYNAMODB_TABLE_PHOTOS and AWS_REGION.")
        }
        try await makeJobs(tell)
        try await makeStatusIndex(photos, tell)
        if feed == .streams { try await turnStreamOn(photos, tell) }
    }

    private func makeJobs(_ tell: @Sendable (String) -> Void) async throws {
        let created = try await dynamo.create(
            tables.jobs, keys: [.init(JobAttribute.id, .hash)],
            attributes: [
                .init(JobAttribute.id, "S"),
                .init(JobAttribute.q, "N"),
                .init(JobAttribute.dueAt, "N"),
            ],
            indexes: [Self.dueIndex])
        tell(created ? "made the table \(tables.jobs)" : "the table \(tables.jobs) is there")
        let table = try await whenReady(tables.jobs) { $0.tableStatus == "ACTIVE" }
        let index = table.globalSecondaryIndexes?.first { $0.indexName == JobAttribute.dueIndex }
        guard index?.keySchema == Self.dueIndex.keySchema else {
            throw RenditionError(
                code: "other_table", stage: .store, retriable: false,
                message:
                    "The table \(tables.jobs) is there but isn't the queue: it has no index `due` on q and due_at. "
                    + "Name another table with DYNAMODB_TABLE_RENDITION_JOBS.")
        }
        _ = try await whenReady(tables.jobs, index: JobAttribute.dueIndex)
    }

    private static let dueIndex = DynamoDB.Index(
        JobAttribute.dueIndex, [.init(JobAttribute.q, .hash), .init(JobAttribute.dueAt, .range)],
        // What a claim needs to know before it is made.
        .including(JobAttribute.gallery, JobAttribute.attempts))

    private func makeStatusIndex(_ photos: DynamoDB.Table, _ tell: @Sendable (String) -> Void) async throws {
        if photos.globalSecondaryIndexes?.contains(where: { $0.indexName == StatusIndex.name }) == true {
            tell("the index \(StatusIndex.name) of \(tables.photos) is there")
        } else {
            // A table with provisioned capacity wants it for its indexes as well.
            let isOnDemand = photos.billingModeSummary?.billingMode == "PAY_PER_REQUEST"
            let throughput = photos.provisionedThroughput.map {
                DynamoDB.Throughput(
                    readCapacityUnits: max(1, $0.readCapacityUnits), writeCapacityUnits: max(1, $0.writeCapacityUnits))
            }
            let index = DynamoDB.Index(
                StatusIndex.name, [.init("status", .hash), .init("created_at", .range)], .including("gallery_id"),
                throughput: isOnDemand ? nil : throughput)
            _ = try await whenReady(tables.photos) { $0.tableStatus == "ACTIVE" }
            try await dynamo.change(
                tables.photos, adding: index,
                attributes: merged(
                    photos.attributeDefinitions,
                    with: [
                        .init("status", "S"),
                        .init("created_at", "S"),
                    ]))
            tell("adding the index \(StatusIndex.name) to \(tables.photos); it is filled from the records there")
        }
        _ = try await whenReady(tables.photos, index: StatusIndex.name)
        tell("the index \(StatusIndex.name) is ready")
    }

    private func turnStreamOn(_ photos: DynamoDB.Table, _ tell: @Sendable (String) -> Void) async throws {
        if photos.streamSpecification?.streamEnabled == true {
            tell("the stream of \(tables.photos) is on")
            return
        }
        _ = try await whenReady(tables.photos) { $0.tableStatus == "ACTIVE" }
        try await dynamo.change(
            tables.photos, stream: .init(streamEnabled: true, streamViewType: "NEW_AND_OLD_IMAGES"))
        _ = try await whenReady(tables.photos) { $0.tableStatus == "ACTIVE" && $0.latestStreamArn != nil }
        tell("turned the stream of \(tables.photos) on")
    }

    private func merged(
        _ present: [DynamoDB.AttributeType], with new: [DynamoDB.AttributeType]
    ) -> [DynamoDB.AttributeType] {
        present + new.filter { attribute in !present.contains { $0.attributeName == attribute.attributeName } }
    }

    /// Waits until an index can be queried and holds all records that were there before it.
    private func whenReady(_ table: String, index: String) async throws -> DynamoDB.Table {
        try await whenReady(table) { description in
            description.globalSecondaryIndexes?.contains {
                $0.indexName == index && $0.indexStatus == "ACTIVE" && $0.backfilling != true
            } == true
        }
    }

    /// Asks again and again: a backfill takes minutes to hours, and whoever is tired of waiting may interrupt it.
    private func whenReady(
        _ table: String, _ isReady: (DynamoDB.Table) -> Bool
    ) async throws -> DynamoDB.Table {
        var wait = Duration.milliseconds(200)
        while true {
            if let description = try await dynamo.describe(table), isReady(description) { return description }
            try await Task.sleep(for: wait)
            wait = min(wait * 2, .seconds(10))
        }
    }
}
