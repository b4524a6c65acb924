import Crypto
import NIOHTTP1
import RenditionCore

/// Tries each action that the worker needs in a way that changes nothing: reads of what isn't there, and writes under
/// conditions that can't hold.
struct PermissionTrials: Sendable {
    let services: AWSServices
    let configuration: AWSConfiguration
    /// Which of the services can be reached; nothing is tried on others.
    let inReach: Set<String>

    /// An id that no photo has, nor ever will: photos' ids are UUIDs.
    private static let id = "renditions-doctor"
    /// A key that no rendition has: galleries' ids don't begin with a dot.
    private static let key = "renditions/.doctor/probe"

    func findings() async -> [Finding] {
        let needed = Permission.needed(
            for: [.doctor], feed: configuration.feed, sendsMail: false, configuration.tables, configuration.buckets)
        var missing: Set<Permission> = []
        var unclear: [String] = []
        var allowed = 0
        await withTaskGroup(of: (Permission, Outcome).self) { group in
            for permission in needed { group.addTask { (permission, await outcome(of: permission)) } }
            for await (permission, outcome) in group {
                switch outcome {
                case .allowed: allowed += 1
                case .denied(let action): missing.insert(Self.missing(action, permission, needed))
                case .unclear(let why): unclear.append("\(permission.text) (\(why))")
                case .skipped: break
                }
            }
        }
        var denied = missing.map(\.text).sorted().map { text in
            Finding(
                .permissions, .bad, text, "is denied",
                remedy: "Allow \(text) in the policy of whoever these credentials belong to.")
        }
        if !unclear.isEmpty {
            denied.append(
                Finding(
                    .permissions, .unknown, "further actions",
                    "couldn't be told: \(unclear.sorted().joined(separator: "; "))"))
        }
        guard denied.isEmpty else { return denied }
        let skipped = needed.count - allowed
        if allowed == 0 {
            return [Finding(.permissions, .unknown, "actions", "there is nothing yet to try them on")]
        }
        return [
            Finding(
                .permissions, .good, "actions",
                "\(allowed) that the worker needs are allowed"
                    + (skipped > 0 ? ", \(skipped) couldn't be tried on what isn't there" : ""))
        ]
    }

    private enum Outcome: Sendable {
        case allowed
        /// - action: What is missing, which may be another action than was tried.
        case denied(action: String)
        case unclear(String)
        case skipped
    }

    /// What is missing where an action was named that isn't the one that was tried: who may not list a bucket is told so
    /// when asking for an object that isn't there.
    private static func missing(_ action: String, _ tried: Permission, _ needed: [Permission]) -> Permission {
        guard action != tried.action else { return tried }
        let place = tried.resource.split(separator: "/").first
        return needed.first { $0.action == action && $0.resource.split(separator: "/").first == place }
            ?? Permission(tried.purpose, action, on: tried.resource)
    }

    private func outcome(of permission: Permission) async -> Outcome {
        do {
            guard let trial = trial(of: permission) else { return .skipped }
            try await within(.seconds(20)) { try await trial() }
            return .allowed
        } catch let failure as AWSFailure where failure.isDenied {
            return .denied(action: failure.missingAction)
        } catch let failure as AWSFailure where Self.amiss.contains(failure.code) {
            return .skipped
        } catch let failure as AWSFailure {
            return .unclear(failure.code)
        } catch is TookTooLong {
            return .unclear("no answer within 20 s")
        } catch {
            return .unclear("\(error)")
        }
    }

    /// Of what isn't there or isn't what it should be, others tell.
    private static let amiss: Set<String> = [
        "ResourceNotFoundException", "ValidationException", "NoSuchBucket", "PermanentRedirect",
        "AuthorizationHeaderMalformed", "301",
    ]

    private typealias Trial = @Sendable () async throws -> Void

    /// - Returns: nil where there is nothing to try it on.
    private func trial(of permission: Permission) -> Trial? {
        let parts = permission.resource.split(separator: "/").map(String.init)
        if permission.action.hasPrefix("s3:") {
            guard let bucket = parts.first, inReach.contains(ConnectionLook.s3) else { return nil }
            return trial(permission.action, bucket: bucket)
        }
        guard parts.count > 1, inReach.contains(ConnectionLook.dynamo) else { return nil }
        return parts.count > 2 && parts[2] == "stream"
            ? trial(permission.action, streamOf: parts[1])
            : trial(permission.action, table: parts[1], index: parts.count > 3 ? parts[3] : nil)
    }

    private func trial(_ action: String, bucket: String) -> Trial? {
        let s3 = services.s3
        switch action {
        case "s3:ListBucket": return { _ = try await s3.list(bucket, prefix: "renditions/.doctor/", limit: 1) }
        case "s3:GetObject":
            // Of something that is there, a denial tells more; but nothing of it is read.
            let prefix = bucket == configuration.buckets.renditions ? "renditions/" : ""
            return {
                let some = try? await s3.list(bucket, prefix: prefix, limit: 1).keys.first?.key
                do {
                    _ = try await s3.get(bucket, some ?? Self.key, limit: 0)
                } catch let failure as AWSFailure where failure.code == "TooLong" {}
            }
        case "s3:PutObject":
            return {
                // It would replace an object with this ETag, which none has, under a key where none is.
                let written = try await s3.put(
                    .bytes([]), hash: SHA256.hash(data: [UInt8]()), as: bucket, Self.key, headers: [:],
                    if: .unchanged(etag: "\"none\""))
                // A server that knows no conditions.
                if case .stored = written { try await s3.delete(bucket, Self.key) }
            }
        case "s3:DeleteObject": return { try await s3.tryDelete(bucket, Self.key) }
        default: return nil
        }
    }

    private func trial(_ action: String, table: String, index name: String?) -> Trial? {
        let dynamo = services.dynamo
        let tables = configuration.tables
        guard let shape = TableShape.all(tables).first(where: { $0.name == table }) else { return nil }
        let key = Dictionary(
            uniqueKeysWithValues: shape.keys.map { ($0.attributeName, RecordValue.string(Self.id)) })
        switch action {
        case "dynamodb:DescribeTable": return { _ = try await dynamo.describe(table) }
        case "dynamodb:GetItem": return { _ = try await dynamo.get(key, from: table) }
        case "dynamodb:BatchGetItem": return { _ = try await dynamo.get([key], from: table) }
        case "dynamodb:UpdateItem": return { _ = try await dynamo.update(key, in: table, Self.never(key)) }
        case "dynamodb:PutItem": return { _ = try await dynamo.put(key, into: table, if: Self.never(key)) }
        case "dynamodb:Scan":
            return {
                var reading = DynamoDB.Reading(table, index: name)
                reading.limit = 1
                _ = try await dynamo.read(reading)
            }
        case "dynamodb:Query":
            guard let index = (shape.additions + shape.indexes).first(where: { $0.indexName == name }),
                let part = index.keySchema.first
            else { return nil }
            let isNumber = shape.attributes.contains {
                $0.attributeName == part.attributeName && $0.attributeType == "N"
            }
            return {
                var keys = Expression()
                keys.require(part.attributeName, is: isNumber ? .integer(-1) : .string(Self.id))
                var reading = DynamoDB.Reading(table, index: index.indexName, keys: keys)
                reading.limit = 1
                _ = try await dynamo.read(reading)
            }
        default: return nil
        }
    }

    /// A condition that no item meets, nor the want of one.
    private static func never(_ key: DynamoDB.Item) -> Expression {
        var expression = Expression()
        for name in key.keys.sorted() {
            expression.requirePresent(name)
            expression.requireAbsent(name)
        }
        return expression
    }

    private func trial(_ action: String, streamOf table: String) -> Trial? {
        let (dynamo, streams) = (services.dynamo, services.streams)
        return {
            guard let stream = try await dynamo.describe(table)?.latestStreamArn else { return }
            let shards = try await streams.shards(of: stream)
            guard action != "dynamodb:DescribeStream", let shard = shards.last else { return }
            let iterator = try await streams.iterator(of: shard.shardId, in: stream, from: .latest)
            guard action == "dynamodb:GetRecords", let iterator else { return }
            _ = try await streams.changes(from: iterator)
        }
    }
}
