import Foundation

/// The uploads that a notification of S3 tells of, whoever carried it: S3 itself, SNS, SQS or EventBridge.
///
/// Source: Amazon S3 User Guide, "Event message structure" and "EventBridge event message structure".
package struct S3Event: Sendable {
    /// An object that was written.
    package struct Upload: Sendable, Hashable {
        package var bucket: String
        /// The key; as it may be meant, the likeliest first, since senders encode it differently.
        package var keys: [String]
    }

    package let uploads: [Upload]

    /// The bytes that a notification may have: what Lambda takes at most, and more than any other carrier does (AWS Lambda
    /// Developer Guide, "Lambda quotas", invocation payload).
    package static let longest = 6 << 20

    /// - Throws: ``Unreadable`` for what is no notification, or is longer than ``longest``.
    package init(_ json: [UInt8]) throws {
        guard json.count <= Self.longest else {
            throw Unreadable(
                description:
                    "This is no S3 event: it is longer than \(Self.longest) bytes. Tell of one event at a time.")
        }
        do {
            uploads = try WireJSON.decode(Message.self, from: json).uploads
        } catch let error as Unreadable {
            throw error
        } catch {
            throw Unreadable(description: "This is no S3 event: it is not JSON of that form.")
        }
    }

    /// Why a notification can't be read.
    package struct Unreadable: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    /// The keys that an event's key may stand for: `+` is a space and `%XX` a byte where the sender encoded it.
    package static func readings(of key: String) -> [String] {
        let decoded = key.replacing("+", with: " ").removingPercentEncoding
        return [decoded, key].compactMap { $0 }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private struct Named: Decodable { var name: String }
    private struct Keyed: Decodable { var key: String }

    /// A message, which may hold others as text.
    private struct Message: Decodable {
        struct Entity: Decodable {
            var bucket: Named
            var object: Keyed
        }

        struct Notice: Decodable { var message: String }

        var records: [Message]?
        var eventName: String?
        var s3: Entity?
        /// What EventBridge says.
        var detail: Entity?
        var detailType: String?
        /// What SQS and SNS carry.
        var body: String?
        var message: String?
        var sns: Notice?
        /// What S3 sends when a notification is set up.
        var event: String?

        private enum CodingKeys: String, CodingKey {
            case records, eventName, s3, detail, body, message, sns, event
            case detailType = "detail-type"
        }

        var uploads: [Upload] {
            get throws {
                if let records { return try records.flatMap { try $0.uploads } }
                if let inner = body ?? message ?? sns?.message { return try S3Event(Array(inner.utf8)).uploads }
                if let s3, let eventName {
                    guard eventName.contains("ObjectCreated") else { return [] }
                    return [Upload(bucket: s3.bucket.name, keys: S3Event.readings(of: s3.object.key))]
                }
                if let detail, let detailType {
                    // EventBridge leaves keys as they are.
                    return detailType == "Object Created"
                        ? [Upload(bucket: detail.bucket.name, keys: [detail.object.key])] : []
                }
                if event == "s3:TestEvent" { return [] }
                throw Unreadable(description: "This is no S3 event: it names no object.")
            }
        }
    }
}
