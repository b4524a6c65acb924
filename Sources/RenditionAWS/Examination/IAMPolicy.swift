import Foundation
import RenditionCore

/// A policy of IAM that allows what some parts of this program need, and nothing else.
///
/// Its one condition is on the address that mails come from, where that is known: a domain that is verified in SES is good for
/// everybody's. `s3:prefix` for `s3:ListBucket` would narrow nothing: that action is also what has S3 say "not found" instead
/// of "forbidden" of an object that isn't there, where no prefix is part of the request.
///
/// Source: IAM User Guide, "IAM JSON policy elements reference"; Service Authorization Reference, the pages of Amazon S3,
/// Amazon DynamoDB and Amazon SES.
package struct IAMPolicy: Sendable, Hashable, Codable {
    package struct Statement: Sendable, Hashable, Codable {
        /// Whose need it is and of what, in letters and digits.
        package var id: String
        package var effect = "Allow"
        package var actions: [String]
        package var resource: String
        /// Operators, keys of the request, and what these have to be.
        package var condition: [String: [String: String]]?

        enum CodingKeys: String, CodingKey {
            case id = "Sid"
            case effect = "Effect"
            case actions = "Action"
            case resource = "Resource"
            case condition = "Condition"
        }
    }

    /// The version of the language, and no date of ours.
    package var version = "2012-10-17"
    package var statements: [Statement]

    enum CodingKeys: String, CodingKey {
        case version = "Version"
        case statements = "Statement"
    }

    /// - Parameters:
    ///   - region: Where tables are; nil for any.
    ///   - account: Whose they are, twelve digits; nil for any, which in effect is that of whoever has the policy.
    ///   - sender: Whom mails come from; nil for any address.
    package init(_ permissions: [Permission], region: String?, account: String?, sender: MailAddress? = nil) {
        statements = []
        var places: [String: Int] = [:]
        for permission in permissions {
            let resource = permission.arn(region: region, account: account)
            var id = Self.id(permission)
            let place = "\(id) \(resource)"
            if let known = places[place] {
                statements[known].actions.append(permission.action)
            } else {
                // Names that differ in a dot or a dash alone are the same in letters, and IAM takes an id once.
                while statements.contains(where: { $0.id == id }) { id += "x" }
                places[place] = statements.count
                var statement = Statement(id: id, actions: [permission.action], resource: resource)
                if permission.purpose == .mail, let sender {
                    statement.condition = ["StringEquals": ["ses:FromAddress": sender.address]]
                }
                statements.append(statement)
            }
        }
    }

    /// Such as `WorkerTablePhotosIndexStatusIndex`, or `WorkerBucketPhotosAll` for what is in it.
    private static func id(_ permission: Permission) -> String {
        let service = permission.action.hasPrefix("s3:") ? "bucket " : ""
        let words = "\(permission.purpose.rawValue) \(service)\(permission.resource.replacing("*", with: "all"))"
        return words.split { !$0.isASCII || !($0.isLetter || $0.isNumber) }
            .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// As IAM takes it.
    ///
    /// - Throws: `EncodingError`, which no policy of text can cause.
    package var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}

extension Permission {
    /// The resource's whole name.
    ///
    /// - Parameters:
    ///   - region: nil for any.
    ///   - account: nil for any.
    /// - Returns: A star alone where the action knows no resources.
    func arn(region: String?, account: String?) -> String {
        if resource == "*" { return resource }
        let service = action.prefix { $0 != ":" }
        let partition =
            switch region {
            case .some(let region) where region.hasPrefix("cn-"): "aws-cn"
            case .some(let region) where region.hasPrefix("us-gov-"): "aws-us-gov"
            default: "aws"
            }
        // Buckets' names are the world's.
        let place = service == "s3" ? ":" : "\(region ?? "*"):\(account ?? "*")"
        return "arn:\(partition):\(service):\(place):\(resource)"
    }
}
