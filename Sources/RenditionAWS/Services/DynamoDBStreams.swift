import RenditionCore

/// DynamoDB Streams' operations as far as they are used.
///
/// Source: Amazon DynamoDB Streams API Reference, version 2012-08-10. All members may be called concurrently; they throw
/// ``AWSFailure`` and ``CredentialError``.
package struct DynamoDBStreams: Sendable {
    private let caller: JSONCaller

    package init(endpoint: Endpoint, context: AWSContext) {
        let client = ServiceClient(
            "Streams", scope: "dynamodb", endpoint: endpoint, context: context,
            retry: RetryPolicy(maxAttempts: 4, base: .milliseconds(25)), readError: JSONCaller.error)
        caller = JSONCaller(client: client, target: "DynamoDBStreams_20120810", version: "1.0")
    }

    package struct Shard: Decodable, Sendable {
        package struct Range: Decodable, Sendable {
            package var startingSequenceNumber: String?
            /// nil while the shard is open.
            package var endingSequenceNumber: String?
        }

        package var shardId: String
        package var sequenceNumberRange: Range?

        package var isOpen: Bool { sequenceNumberRange?.endingSequenceNumber == nil }
    }

    /// All shards of a stream.
    package func shards(of stream: String) async throws -> [Shard] {
        struct Input: Encodable {
            var streamArn: String
            var exclusiveStartShardId: String?
        }
        struct Description: Decodable {
            var shards: [Shard]?
            var lastEvaluatedShardId: String?
        }
        struct Output: Decodable { var streamDescription: Description }
        var shards: [Shard] = []
        var start: String?
        repeat {
            let input = Input(streamArn: stream, exclusiveStartShardId: start)
            let output = try await caller.call("DescribeStream", stream, input, as: Output.self).0.streamDescription
            shards += output.shards ?? []
            start = output.lastEvaluatedShardId
        } while start != nil
        return shards
    }

    package enum Start: String, Sendable, Encodable {
        /// What is written from now on.
        case latest = "LATEST"
        /// Everything that the shard still holds, 24 hours at most.
        case oldest = "TRIM_HORIZON"
    }

    package func iterator(of shard: String, in stream: String, from start: Start) async throws -> String? {
        struct Input: Encodable {
            var streamArn: String
            var shardId: String
            var shardIteratorType: Start
        }
        struct Output: Decodable { var shardIterator: String? }
        let input = Input(streamArn: stream, shardId: shard, shardIteratorType: start)
        return try await caller.call("GetShardIterator", shard, input, as: Output.self).0.shardIterator
    }

    /// A change of one item.
    package struct Change: Decodable, Sendable {
        package struct Images: Decodable, Sendable {
            package var keys: DynamoDB.Item?
            package var newImage: DynamoDB.Item?
            package var oldImage: DynamoDB.Item?
        }

        package var eventName: String
        package var dynamodb: Images
    }

    /// Reads on from an iterator.
    ///
    /// - Returns: the changes, and where to read on; nil at the end of a closed shard.
    package func changes(from iterator: String) async throws -> (changes: [Change], next: String?) {
        struct Input: Encodable { var shardIterator: String }
        struct Output: Decodable {
            var records: [Change]?
            var nextShardIterator: String?
        }
        let output = try await caller.call(
            "GetRecords", "a shard", Input(shardIterator: iterator), as: Output.self
        ).0
        return (output.records ?? [], output.nextShardIterator)
    }
}
