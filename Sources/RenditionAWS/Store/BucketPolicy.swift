import Foundation
import RenditionCore

/// A bucket's policy, as far as it lets everybody read renditions.
///
/// Source: AWS Identity and Access Management User Guide, "IAM JSON policy element reference".
enum BucketPolicy {
    /// The ARN of a bucket's renditions.
    static func renditions(of bucket: String, region: String) -> String {
        "\(arn(of: bucket, region: region))/renditions/*"
    }

    private static func arn(of bucket: String, region: String) -> String {
        // Partitions of AWS have names of their own.
        let partition = region.hasPrefix("cn-") ? "aws-cn" : region.hasPrefix("us-gov-") ? "aws-us-gov" : "aws"
        return "arn:\(partition):s3:::\(bucket)"
    }

    /// Whether a policy lets everybody read renditions, without conditions.
    static func letsEverybodyRead(_ bucket: String, region: String, _ policy: [UInt8]?) throws -> Bool {
        guard let policy else { return false }
        let arn = arn(of: bucket, region: region)
        return statements(of: try document(policy, bucket)).contains { statement in
            statement["Effect"] as? String == "Allow" && statement["Condition"] == nil && isEverybody(statement)
                && texts(statement["Action"]).contains { ["s3:GetObject", "s3:*", "*"].contains($0) }
                && texts(statement["Resource"]).contains { ["\(arn)/renditions/*", "\(arn)/*", "*"].contains($0) }
        }
    }

    /// A policy with one statement more, which lets everybody read renditions; the others stay as they are.
    static func lettingEverybodyRead(_ bucket: String, region: String, _ policy: [UInt8]?) throws -> [UInt8] {
        var document = try policy.map { try self.document($0, bucket) } ?? ["Version": "2012-10-17"]
        var statements = statements(of: document)
        let taken = Set(statements.compactMap { $0["Sid"] as? String })
        // Statements' names are unique, and somebody may have one of this name that says something else.
        let name = (1...).lazy.map { $0 == 1 ? "PublicRenditions" : "PublicRenditions\($0)" }.first {
            !taken.contains($0)
        }
        statements.append([
            "Sid": name ?? "", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": renditions(of: bucket, region: region),
        ])
        document["Statement"] = statements
        return [UInt8](try JSONSerialization.data(withJSONObject: document, options: [.sortedKeys]))
    }

    private static func document(_ policy: [UInt8], _ bucket: String) throws -> [String: Any] {
        guard let document = try? JSONSerialization.jsonObject(with: Data(policy)) as? [String: Any] else {
            throw RenditionError(
                code: "unreadable_policy", stage: .store, retriable: false,
                message: "The policy of \(bucket) can't be read, and is left alone.")
        }
        return document
    }

    private static func statements(of document: [String: Any]) -> [[String: Any]] {
        if let one = document["Statement"] as? [String: Any] { return [one] }
        return document["Statement"] as? [[String: Any]] ?? []
    }

    private static func isEverybody(_ statement: [String: Any]) -> Bool {
        if statement["Principal"] as? String == "*" { return true }
        return texts((statement["Principal"] as? [String: Any])?["AWS"]).contains("*")
    }

    private static func texts(_ value: Any?) -> [String] {
        (value as? String).map { [$0] } ?? value as? [String] ?? []
    }
}
