import RenditionCore

/// Makes tables, indexes and streams where they are missing, and waits until they can be used. What is there is never
/// changed; doing it twice, or twice at once, comes to the same.
struct TableSetup: Sendable {
    let dynamo: DynamoDB
    /// Whether to say what would be done, and do nothing.
    let isDry: Bool
    let tell: @Sendable (String) -> Void

    /// Makes a table with its indexes where it isn't there, and those of its indexes that are missing where it is.
    ///
    /// - Parameter shape: Its `additions` are not made here.
    func make(_ shape: TableShape) async throws {
        guard let present = try await dynamo.describe(shape.name) else {
            if isDry { return tell("would make the table \(shape.name)") }
            let created = try await dynamo.create(
                shape.name, keys: shape.keys, attributes: shape.attributes(of: shape.indexes),
                indexes: shape.indexes)
            tell(created ? "made the table \(shape.name)" : "the table \(shape.name) is there")
            _ = try await whenReady(shape.name) { $0.tableStatus == "ACTIVE" }
            for index in shape.indexes { try await whenReady(shape.name, index: index.indexName) }
            return
        }
        try check(present, shape)
        tell("the table \(shape.name) is there")
        for index in shape.indexes { try await add(index, to: shape, says: false) }
    }

    /// - Throws: A ``RenditionError`` `other_table` where the table of that name is something else.
    private func check(_ present: DynamoDB.Table, _ shape: TableShape) throws {
        let isQueue = shape.owner == .worker
        let due = present.globalSecondaryIndexes?.first { $0.indexName == JobAttribute.dueIndex }
        let hasQueueIndex = due?.keySchema == shape.indexes.first?.keySchema
        guard present.keySchema == shape.keys, !isQueue || hasQueueIndex else {
            throw RenditionError(
                code: "other_table", stage: .store, retriable: false,
                message: isQueue
                    ? "The table \(shape.name) is there but isn't the queue: it has no index `due` on q and due_at. "
                        + "Name another table with \(shape.setting)."
                    : "The table \(shape.name) is there but has other keys than \(shape.keys.words). "
                        + "Name the right one with \(shape.setting).")
        }
    }

    /// Adds an index to a table where it isn't there, and waits until it holds all records.
    ///
    /// - Parameter says: Whether one that is there is worth a line.
    func add(_ index: DynamoDB.Index, to shape: TableShape, says: Bool = true) async throws {
        let (name, table) = (index.indexName, shape.name)
        guard let photos = try await dynamo.describe(table) else {
            // Only a dry run comes here: the table would have been made.
            return tell("would add the index \(name) to \(table)")
        }
        if photos.has(index: name) {
            if says { tell("the index \(name) of \(table) is there") }
        } else if isDry {
            return tell("would add the index \(name) to \(table), which is filled from the records there")
        } else {
            try await change(table, until: { $0.has(index: name) }) { present in
                try await dynamo.change(
                    table, adding: index.paid(as: present),
                    attributes: merged(
                        present.attributeDefinitions, with: shape.attributes(of: [index], withTable: false)))
                tell("adding the index \(name) to \(table); it is filled from the records there")
            }
        }
        if isDry { return }
        try await whenReady(table, index: name)
        if says { tell("the index \(name) is ready") }
    }

    func turnStreamOn(_ table: String) async throws {
        guard let present = try await dynamo.describe(table), !present.hasStream else {
            return tell(isDry ? "would turn the stream of \(table) on" : "the stream of \(table) is on")
        }
        if isDry { return tell("would turn the stream of \(table) on") }
        try await change(table, until: \.hasStream) { _ in
            try await dynamo.change(
                table, stream: .init(streamEnabled: true, streamViewType: "NEW_AND_OLD_IMAGES"))
            tell("turned the stream of \(table) on")
        }
        _ = try await whenReady(table) { $0.tableStatus == "ACTIVE" && $0.latestStreamArn != nil }
    }

    /// Changes a table when it can be changed. DynamoDB takes one change at a time: another setup's is waited for, after
    /// which there may be nothing left to do.
    private func change(
        _ table: String, until isDone: (DynamoDB.Table) -> Bool, _ body: (DynamoDB.Table) async throws -> Void
    ) async throws {
        while true {
            let present = try await whenReady(table) { $0.tableStatus == "ACTIVE" }
            if isDone(present) { return }
            do {
                return try await body(present)
            } catch let failure as AWSFailure where Self.busy.contains(failure.code) {
                let now = try await dynamo.describe(table)
                // Not another's doing: the change itself can't be.
                if failure.code == "ValidationException", now.map(isDone) != true { throw failure }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    private static let busy: Set<String> = ["ResourceInUseException", "LimitExceededException", "ValidationException"]

    private func merged(
        _ present: [DynamoDB.AttributeType], with new: [DynamoDB.AttributeType]
    ) -> [DynamoDB.AttributeType] {
        present + new.filter { attribute in !present.contains { $0.attributeName == attribute.attributeName } }
    }

    /// Waits until an index can be queried and holds all records that were there before it.
    private func whenReady(_ table: String, index: String) async throws {
        _ = try await whenReady(table) { description in
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

extension DynamoDB.Table {
    func has(index name: String) -> Bool { globalSecondaryIndexes?.contains { $0.indexName == name } == true }

    var hasStream: Bool { streamSpecification?.streamEnabled == true }
}

extension DynamoDB.Index {
    /// The index with capacity of its own, which a table with provisioned capacity wants for its indexes as well.
    fileprivate func paid(as table: DynamoDB.Table) -> DynamoDB.Index {
        var index = self
        let isOnDemand = table.billingModeSummary?.billingMode == "PAY_PER_REQUEST"
        index.provisionedThroughput =
            isOnDemand
            ? nil
            : table.provisionedThroughput.map {
                DynamoDB.Throughput(
                    readCapacityUnits: max(1, $0.readCapacityUnits), writeCapacityUnits: max(1, $0.writeCapacityUnits))
            }
        return index
    }
}
