import RenditionAWS
import RenditionCore
import Testing

/// What IAM says when it refuses, and what is made of it.
@Suite("Missing permissions")
struct DeniedActionTests {
    private func failure(_ call: String, _ code: String = "AccessDenied", _ message: String) -> AWSFailure {
        AWSFailure(call: call, subject: "x", status: 403, code: code, message: message, kind: .final)
    }

    /// AWS's own messages; their account and names are its documentation's.
    @Test(arguments: [
        (
            "DynamoDB UpdateItem", "AccessDeniedException",
            "User: arn:aws:iam::123456789012:user/w is not authorized to perform: dynamodb:UpdateItem on resource: "
                + "arn:aws:dynamodb:eu-west-1:123456789012:table/photos because no identity-based policy allows the "
                + "dynamodb:UpdateItem action", "dynamodb:UpdateItem"
        ),
        // Who asks for an object that isn't there is told what would let him know.
        (
            "S3 GetObject", "AccessDenied",
            "User: arn:aws:sts::123456789012:assumed-role/w/i is not authorized to perform: s3:ListBucket on resource: "
                + "\"arn:aws:s3:::renditions\" because no identity-based policy allows the s3:ListBucket action",
            "s3:ListBucket"
        ),
        ("S3 GetObject", "AccessDenied", "Access Denied", "s3:GetObject"),
        ("S3 HeadObject", "403", "", "s3:GetObject"),
        ("S3 HeadBucket", "403", "", "s3:ListBucket"),
        ("S3 ListObjectsV2", "AccessDenied", "Access Denied", "s3:ListBucket"),
        ("S3 CompleteMultipartUpload", "AccessDenied", "Access Denied", "s3:PutObject"),
        ("S3 PutBucketCors", "AccessDenied", "Access Denied", "s3:PutBucketCORS"),
        ("S3 PutPublicAccessBlock", "AccessDenied", "Access Denied", "s3:PutBucketPublicAccessBlock"),
        ("Streams GetRecords", "AccessDeniedException", "", "dynamodb:GetRecords"),
    ])
    func theActionIsNamed(_ call: String, _ code: String, _ message: String, _ action: String) {
        let failure = failure(call, code, message)
        #expect(failure.isDenied)
        #expect(failure.missingAction == action)
        #expect(failure.renditionError.code == "access_denied")
        #expect(failure.renditionError.message.contains("Allow it in IAM: \(action) on x."))
    }

    @Test func aRefusalOfAnotherKindIsNone() {
        #expect(!failure("S3 PutObject", "NoSuchBucket", "").isDenied)
        let kept = failure(
            "S3 PutBucketPolicy", "AccessDenied",
            "User: u is not authorized to perform: s3:PutBucketPolicy on resource: \"b\" because public policies are "
                + "prevented by the BlockPublicPolicy setting in S3 Block Public Access.")
        #expect(kept.renditionError.code == "kept_private")
    }

    /// The list is what IAM policies are made from.
    @Test func whatIsNeededIsListedOnceAPurpose() {
        let all = Permission.all(
            TableNames(photos: "p", galleries: "g", users: "u", jobs: "j"), BucketNames(photos: "o", renditions: "r"))
        #expect(Set(all).count == all.count)
        #expect(Set(all.map(\.purpose)) == Set(Permission.Purpose.allCases))
        for permission in all {
            let service = permission.action.split(separator: ":").first
            #expect(["s3", "dynamodb", "ses"].contains(service), "\(permission)")
            #expect((service == "dynamodb") == permission.resource.hasPrefix("table/"), "\(permission)")
            #expect(service != "ses" || ["identity/*", "*"].contains(permission.resource), "\(permission)")
        }
        #expect(all.contains { $0.text == "s3:PutObject on r/renditions/*" && $0.purpose == .worker })
        #expect(!all.contains { $0.purpose == .worker && $0.action.contains("Create") })
    }
}
