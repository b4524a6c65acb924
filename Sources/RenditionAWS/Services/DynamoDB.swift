import Foundation
import NIOHTTP1
import RenditionCore

/// DynamoDB's operations as far as they are used, in its JSON protocol.
///
/// Source: Amazon DynamoDB API Reference, version 2012-08-10. All members may be called concurrently; they throw
/// ``AWSFailure`` and ``CredentialError``.
package struct DynamoDB: Sendable {
    package typealias Item = [String: RecordValue]

    private let client: ServiceClient
    private let caller: JSONCaller

    package init(endpoint: Endpoint, context: AWSContext) {
        client = ServiceClient(
            "DynamoDB", scope: "dynamodb", endpoint: endpoint, context: context,
            retry: RetryPolicy(maxAttempts: 4, base: .milliseconds(25)), teachesTime: true,
            readError: JSONCaller.error)
        caller = JSONCaller(client: client, target: "DynamoDB_20120810", version: "1.0")
    }

    // MARK: Items

    /// What became of a conditional write.
    package enum Outcome: Sendable {
        /// It happened; the item as it is now, where that was asked for.
        case written(Item)
        /// The condition did not hold; the item as it was, nil where there was none.
        ///
        /// - unclear: Whether an earlier attempt of the same request may have been what changed it.
        case refused(Item?, unclear: Bool)
    }

    package enum Returning: String, Sendable, Encodable {
        case none = "NONE"
        case old = "ALL_OLD"
        case new = "ALL_NEW"
    }

    /// Reads one item, consistently with all writes before unless told otherwise.
    package func get(_ key: Item, from table: String, consistent: Bool = true) async throws -> Item? {
        struct Input: Encodable {
            var tableName: String
            var key: Item
            var consistentRead: Bool
            var returnConsumedCapacity = "TOTAL"
        }
        struct Output: Decodable { var item: DynamoDB.Item? }
        let input = Input(tableName: table, key: key, consistentRead: consistent)
        return try await caller.call("GetItem", table, input, as: Output.self).0.item
    }

    /// Reads up to 100 items, in any order; what isn't there is left out.
    package func get(_ keys: [Item], from table: String) async throws -> [Item] {
        struct Keys: Codable {
            var keys: [Item]
            var consistentRead: Bool?
        }
        struct Input: Encodable {
            var requestItems: [String: Keys]
            var returnConsumedCapacity = "TOTAL"
        }
        struct Output: Decodable {
            var responses: [String: [Item]]?
            var unprocessedKeys: [String: Keys]?
        }
        var left = keys
        var found: [Item] = []
        var rounds = 0
        while !left.isEmpty {
            let input = Input(requestItems: [table: Keys(keys: left, consistentRead: true)])
            let output = try await caller.call("BatchGetItem", table, input, as: Output.self).0
            found += output.responses?[table] ?? []
            left = output.unprocessedKeys?[table]?.keys ?? []
            rounds += 1
            // What was left out for want of capacity is asked for again, less and less often.
            if !left.isEmpty { try await Task.sleep(for: .milliseconds(50 * min(rounds, 20))) }
        }
        return found
    }

    /// Writes a whole item where the condition holds.
    package func put(_ item: Item, into table: String, if expression: Expression = Expression()) async throws -> Outcome
    {
        struct Input: Encodable {
            var tableName: String
            var item: DynamoDB.Item
            var conditionExpression: String?
            var expressionAttributeNames: [String: String]?
            var expressionAttributeValues: DynamoDB.Item?
            var returnValuesOnConditionCheckFailure = "ALL_OLD"
            var returnConsumedCapacity = "TOTAL"
        }
        let input = Input(
            tableName: table, item: item, conditionExpression: expression.condition,
            expressionAttributeNames: expression.names.isEmpty ? nil : expression.names,
            expressionAttributeValues: expression.values.isEmpty ? nil : expression.values)
        return try await write("PutItem", table, input)
    }

    /// Changes one item where the condition holds. Without a condition on its presence it is made where it isn't there.
    package func update(
        _ key: Item, in table: String, _ expression: Expression, returning: Returning = .none
    ) async throws -> Outcome {
        struct Input: Encodable {
            var tableName: String
            var key: Item
            var updateExpression: String?
            var conditionExpression: String?
            var expressionAttributeNames: [String: String]?
            var expressionAttributeValues: Item?
            var returnValues: Returning
            var returnValuesOnConditionCheckFailure = "ALL_OLD"
            var returnConsumedCapacity = "TOTAL"
        }
        let input = Input(
            tableName: table, key: key, updateExpression: expression.update,
            conditionExpression: expression.condition,
            expressionAttributeNames: expression.names.isEmpty ? nil : expression.names,
            expressionAttributeValues: expression.values.isEmpty ? nil : expression.values, returnValues: returning)
        return try await write("UpdateItem", table, input)
    }

    /// Removes an item; absent is fine.
    package func delete(_ key: Item, from table: String) async throws {
        struct Input: Encodable {
            var tableName: String
            var key: Item
            var returnConsumedCapacity = "TOTAL"
        }
        struct Output: Decodable {}
        _ = try await caller.call("DeleteItem", table, Input(tableName: table, key: key), as: Output.self)
    }

    private func write(_ operation: String, _ table: String, _ input: some Encodable) async throws -> Outcome {
        do {
            return .written(try await caller.call(operation, table, input, as: Written.self).0.attributes ?? [:])
        } catch let failure as AWSFailure where failure.code == "ConditionalCheckFailedException" {
            return .refused(failure.item, unclear: failure.mayHaveHappened)
        }
    }

    private struct Written: Decodable { var attributes: Item? }

    // MARK: Queries

    package struct Page: Sendable {
        package var items: [Item]
        /// Where the next page begins; nil at the end.
        package var next: Item?
    }

    /// What a query or a scan looks through.
    package struct Reading: Sendable {
        package var table: String
        package var index: String?
        /// The condition on the keys; nil scans.
        package var keys: Expression?
        /// Items looked at, at most.
        package var limit: Int?
        package var start: Item?

        package init(_ table: String, index: String? = nil, keys: Expression? = nil) {
            self.table = table
            self.index = index
            self.keys = keys
        }
    }

    /// Reads one page: a query where keys are given, a scan otherwise.
    package func read(_ reading: Reading) async throws -> Page {
        struct Input: Encodable {
            var tableName: String
            var indexName: String?
            var keyConditionExpression: String?
            var expressionAttributeNames: [String: String]?
            var expressionAttributeValues: Item?
            var limit: Int?
            var exclusiveStartKey: Item?
            var returnConsumedCapacity = "TOTAL"
        }
        struct Output: Decodable {
            var items: [Item]?
            var lastEvaluatedKey: Item?
        }
        let input = Input(
            tableName: reading.table, indexName: reading.index, keyConditionExpression: reading.keys?.condition,
            expressionAttributeNames: reading.keys?.names, expressionAttributeValues: reading.keys?.values,
            limit: reading.limit,
            exclusiveStartKey: reading.start)
        let subject = [reading.table, reading.index].compactMap { $0 }.joined(separator: "/")
        let operation = reading.keys == nil ? "Scan" : "Query"
        let output = try await caller.call(operation, subject, input, as: Output.self).0
        return Page(items: output.items ?? [], next: output.lastEvaluatedKey)
    }

    /// Reads page after page until the end, or until the body says false.
    package func readAll(
        _ reading: Reading, isolation: isolated (any Actor)? = #isolation, _ body: (Page) async throws -> Bool
    ) async throws {
        var reading = reading
        while true {
            let page = try await read(reading)
            guard try await body(page), let next = page.next else { return }
            reading.start = next
        }
    }

    // MARK: Tables

    package struct KeyPart: Codable, Sendable, Hashable {
        package enum Role: String, Codable, Sendable {
            case hash = "HASH"
            case range = "RANGE"
        }

        package var attributeName: String
        package var keyType: Role

        package init(_ attribute: String, _ role: Role) {
            attributeName = attribute
            keyType = role
        }
    }

    package struct AttributeType: Codable, Sendable, Hashable {
        package var attributeName: String
        package var attributeType: String

        /// - Parameter type: `S` or `N`.
        package init(_ attribute: String, _ type: String) {
            attributeName = attribute
            attributeType = type
        }
    }

    package struct Projection: Codable, Sendable, Hashable {
        package var projectionType: String
        package var nonKeyAttributes: [String]?

        package static let all = Projection(projectionType: "ALL")

        /// The keys, and these.
        package static func including(_ attributes: String...) -> Projection {
            Projection(projectionType: "INCLUDE", nonKeyAttributes: attributes)
        }
    }

    package struct Throughput: Codable, Sendable, Hashable {
        package var readCapacityUnits: Int
        package var writeCapacityUnits: Int
    }

    package struct Index: Codable, Sendable, Hashable {
        package var indexName: String
        package var keySchema: [KeyPart]
        package var projection: DynamoDB.Projection
        package var indexStatus: String?
        package var backfilling: Bool?
        package var provisionedThroughput: Throughput?

        package init(_ name: String, _ keys: [KeyPart], _ projection: Projection, throughput: Throughput? = nil) {
            indexName = name
            keySchema = keys
            self.projection = projection
            provisionedThroughput = throughput
        }
    }

    package struct StreamSpecification: Codable, Sendable, Hashable {
        package var streamEnabled: Bool
        package var streamViewType: String?
    }

    package struct BillingMode: Codable, Sendable, Hashable { package var billingMode: String? }

    package struct Table: Decodable, Sendable {
        package var tableName: String
        package var tableStatus: String
        package var keySchema: [KeyPart]
        package var attributeDefinitions: [AttributeType]
        package var globalSecondaryIndexes: [Index]?
        package var streamSpecification: DynamoDB.StreamSpecification?
        package var latestStreamArn: String?
        package var billingModeSummary: BillingMode?
        package var provisionedThroughput: Throughput?
    }

    /// - Returns: nil where there is no such table.
    package func describe(_ table: String) async throws -> Table? {
        struct Input: Encodable { var tableName: String }
        struct Output: Decodable { var table: DynamoDB.Table }
        do {
            return try await caller.call("DescribeTable", table, Input(tableName: table), as: Output.self).0.table
        } catch let failure as AWSFailure where failure.code == "ResourceNotFoundException" {
            return nil
        }
    }

    /// Makes a table that is paid by the request.
    ///
    /// - Returns: false where there is one of that name already.
    package func create(
        _ table: String, keys: [KeyPart], attributes: [AttributeType], indexes: [Index]
    ) async throws -> Bool {
        struct Input: Encodable {
            var tableName: String
            var keySchema: [KeyPart]
            var attributeDefinitions: [AttributeType]
            var globalSecondaryIndexes: [Index]?
            var billingMode = "PAY_PER_REQUEST"
        }
        struct Output: Decodable {}
        let input = Input(
            tableName: table, keySchema: keys, attributeDefinitions: attributes,
            globalSecondaryIndexes: indexes.isEmpty ? nil : indexes)
        do {
            _ = try await caller.call("CreateTable", table, input, as: Output.self)
            return true
        } catch let failure as AWSFailure where failure.code == "ResourceInUseException" {
            return false
        }
    }

    /// Adds an index to a table, or turns its stream on; the work goes on after the call.
    package func change(
        _ table: String, adding index: Index? = nil, attributes: [AttributeType]? = nil,
        stream: StreamSpecification? = nil
    ) async throws {
        struct Create: Encodable { var create: Index }
        struct Input: Encodable {
            var tableName: String
            var attributeDefinitions: [AttributeType]?
            var globalSecondaryIndexUpdates: [Create]?
            var streamSpecification: DynamoDB.StreamSpecification?
        }
        struct Output: Decodable {}
        let input = Input(
            tableName: table, attributeDefinitions: attributes,
            globalSecondaryIndexUpdates: index.map { [Create(create: $0)] }, streamSpecification: stream)
        _ = try await caller.call("UpdateTable", table, input, as: Output.self)
    }
}
