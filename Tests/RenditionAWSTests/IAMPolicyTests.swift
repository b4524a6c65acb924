import Foundation
import RenditionCore
import Testing

@testable import RenditionAWS

/// Policies as IAM takes them.
@Suite("IAM policies")
struct IAMPolicyTests {
    private let all = Permission.all(
        TableNames(photos: "p", galleries: "g", users: "u", jobs: "j"), BucketNames(photos: "o", renditions: "r"))

    /// IAM User Guide, "IAM JSON policy elements: Sid".
    @Test func statementsHaveNamesOfTheirOwn() {
        let ids = IAMPolicy(all, region: nil, account: nil).statements.map(\.id)
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0.wholeMatch(of: /[A-Za-z0-9]+/) != nil }, "\(ids)")
        #expect(ids.contains("WorkerBucketRRenditionsAll"))
    }

    @Test func namesThatAreTheSameInLettersAreKeptApart() {
        let tables = TableNames(photos: "a-photos", galleries: "a.photos", users: "a_photos", jobs: "j")
        let all = Permission.all(tables, BucketNames(photos: "o", renditions: "r"))
        let ids = IAMPolicy(all, region: nil, account: nil).statements.map(\.id)
        #expect(Set(ids).count == ids.count, "\(ids)")
    }

    @Test func eachPermissionIsInItOnce() {
        let policy = IAMPolicy(all, region: "eu-west-1", account: nil)
        let pairs = policy.statements.flatMap { statement in statement.actions.map { "\(statement.id) \($0)" } }
        #expect(pairs.count == all.count && Set(pairs).count == all.count)
    }

    @Test func mailsComeFromTheAddressThatIsKnown() throws {
        let sender = try #require(MailAddress("Galerly <a@b.example>"))
        let conditions = IAMPolicy(all, region: nil, account: nil, sender: sender).statements.compactMap(\.condition)
        #expect(conditions == [["StringEquals": ["ses:FromAddress": "a@b.example"]]])
        #expect(IAMPolicy(all, region: nil, account: nil).statements.allSatisfy { $0.condition == nil })
    }

    /// IAM and STS quotas: a managed policy has 6,144 characters, blanks not counted.
    @Test func aWorkersPolicyIsShortEnoughWithLongNames() throws {
        let long = String(repeating: "n", count: 63)
        let needed = Permission.needed(
            for: [.worker], feed: .streams, sendsMail: true,
            TableNames(photos: long, galleries: long, users: long, jobs: long),
            BucketNames(photos: long, renditions: long))
        let text = try IAMPolicy(needed, region: "us-gov-west-1", account: "123456789012").json
        #expect(text.filter { !$0.isWhitespace }.count <= 6144)
    }

    @Test(
        arguments: [
            (nil, "arn:aws:dynamodb:*:*:table/p"), ("eu-west-1", "arn:aws:dynamodb:eu-west-1:*:table/p"),
            ("cn-north-1", "arn:aws-cn:dynamodb:cn-north-1:*:table/p"),
            ("us-gov-west-1", "arn:aws-us-gov:dynamodb:us-gov-west-1:*:table/p"),
        ] as [(String?, String)])
    func aTablesNameHasItsPartition(_ region: String?, _ arn: String) {
        #expect(Permission(.worker, "dynamodb:GetItem", on: "table/p").arn(region: region, account: nil) == arn)
    }
}
