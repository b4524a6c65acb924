import Foundation

extension AWSFailure {
    private static let denied: Set<String> = [
        "AccessDenied", "AccessDeniedException", "AllAccessDisabled", "403", "Forbidden", "UnauthorizedOperation",
    ]

    /// Whether the credentials are good and may not do this.
    package var isDenied: Bool { Self.denied.contains(code) }

    /// The action of IAM that was missing, such as `s3:ListBucket`, as the service names it, or the one that the operation
    /// asks for where it doesn't.
    package var missingAction: String {
        // "User: … is not authorized to perform: s3:GetObject on resource: …"; answers to HEAD say nothing.
        if let start = message.range(of: "not authorized to perform: ") {
            let named = message[start.upperBound...].prefix { $0.isLetter || $0.isNumber || ":*-".contains($0) }
            if named.contains(":") { return String(named) }
        }
        return Self.action(of: call)
    }

    /// The action that IAM asks for when an operation is called.
    ///
    /// Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3" and "… DynamoDB".
    ///
    /// - Parameter call: Service and operation, such as `S3 HeadObject`.
    static func action(of call: String) -> String {
        let parts = call.split(separator: " ", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return call }
        switch parts[0] {
        case "S3": return "s3:\(s3Actions[parts[1]] ?? parts[1])"
        // Streams are a service of their own, but not to IAM.
        case "DynamoDB", "Streams": return "dynamodb:\(parts[1])"
        default: return "\(parts[0].lowercased()):\(parts[1])"
        }
    }

    /// Where an action isn't called what its operation is.
    private static let s3Actions = [
        "HeadObject": "GetObject", "HeadBucket": "ListBucket", "ListObjectsV2": "ListBucket",
        "CreateMultipartUpload": "PutObject", "UploadPart": "PutObject", "CompleteMultipartUpload": "PutObject",
        "GetBucketCors": "GetBucketCORS", "PutBucketCors": "PutBucketCORS",
        "GetPublicAccessBlock": "GetBucketPublicAccessBlock", "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    ]

    /// Block Public Access refuses a public policy in the words of a missing right.
    var isKeptPrivate: Bool { isDenied && message.contains("Block Public Access") }
}
