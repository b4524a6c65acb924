import RenditionCore

/// An action of IAM that a part of this program needs, and on what. This list is the one place where that stands: the doctor
/// tries what the worker needs of it, and policies are made from it.
package struct Permission: Sendable, Hashable, Codable {
    /// Who needs it.
    package enum Purpose: String, Sendable, Codable, CaseIterable {
        case worker
        /// The worker with RENDITIONS_FEED=streams.
        case streams
        /// The worker with FROM_EMAIL.
        case mail
        case doctor
        /// The doctor with FROM_EMAIL.
        case doctorsMail
        case `import`
        /// `bench` with a store.
        case bench
        /// `rerender` and `verify` of everything.
        case batch
        /// `setup` of what is the worker's own.
        case setup
        /// `setup --platform`.
        case platform

        /// Whose needs it has besides.
        fileprivate var includes: [Purpose] {
            switch self {
            case .doctor, .import, .batch: [.worker]
            case .bench: [.worker, .import]
            case .platform: [.setup]
            case .worker, .streams, .mail, .doctorsMail, .setup: []
            }
        }
    }

    /// Such as `dynamodb:GetItem`.
    package var action: String
    /// The last part of the resource's ARN: `table/NAME`, `table/NAME/index/INDEX`, a bucket, `BUCKET/renditions/*`, or
    /// `identity/*`; `*` where the action knows no resources.
    package var resource: String
    package var purpose: Purpose

    init(_ purpose: Purpose, _ action: String, on resource: String) {
        self.purpose = purpose
        self.action = action
        self.resource = resource
    }

    /// `dynamodb:GetItem on table/photos`, as one allows it.
    package var text: String { "\(action) on \(resource)" }

    /// All that somebody needs who has these purposes, each once.
    ///
    /// - Parameters:
    ///   - feed: How the worker finds records, where it is among them.
    ///   - sendsMail: Whether it tells photographers by mail.
    package static func needed(
        for purposes: [Purpose], feed: FeedKind, sendsMail: Bool, _ tables: TableNames, _ buckets: BucketNames
    ) -> [Permission] {
        var all = Set(purposes + purposes.flatMap(\.includes))
        if all.contains(.worker), feed == .streams { all.insert(.streams) }
        if all.contains(.worker), sendsMail { all.insert(.mail) }
        if all.contains(.doctor), sendsMail { all.insert(.doctorsMail) }
        var seen: Set<String> = []
        return Self.all(tables, buckets).filter { all.contains($0.purpose) && seen.insert($0.text).inserted }
    }

    /// Everything that any part needs.
    package static func all(_ tables: TableNames, _ buckets: BucketNames) -> [Permission] {
        func on(_ resource: String, _ purpose: Purpose, _ actions: String...) -> [Permission] {
            actions.map { Permission(purpose, $0, on: resource) }
        }
        func table(_ name: String) -> String { "table/\(name)" }
        func index(_ index: String, of name: String) -> String { "table/\(name)/index/\(index)" }
        let photosByUser = index(DynamoRecords.userIndex, of: tables.photos)
        let (originals, renditions) = ("\(buckets.photos)/*", "\(buckets.renditions)/renditions/*")
        let worker =
            on(table(tables.photos), .worker, "dynamodb:GetItem", "dynamodb:UpdateItem")
            + on(index(StatusIndex.name, of: tables.photos), .worker, "dynamodb:Query")
            + on(index(DynamoRecords.galleryIndex, of: tables.photos), .worker, "dynamodb:Query")
            + on(
                table(tables.jobs), .worker, "dynamodb:GetItem", "dynamodb:BatchGetItem",
                "dynamodb:PutItem", "dynamodb:UpdateItem")
            + on(index(JobAttribute.dueIndex, of: tables.jobs), .worker, "dynamodb:Query", "dynamodb:Scan")
            + on(table(tables.galleries), .worker, "dynamodb:GetItem", "dynamodb:UpdateItem")
            + on(table(tables.users), .worker, "dynamodb:GetItem")
            + on(index(Photographers.index, of: tables.users), .worker, "dynamodb:Query")
            + on(buckets.photos, .worker, "s3:ListBucket") + on(originals, .worker, "s3:GetObject")
            + on(buckets.renditions, .worker, "s3:ListBucket")
            + on(renditions, .worker, "s3:GetObject", "s3:PutObject", "s3:DeleteObject")
        let streams =
            on(table(tables.photos), .streams, "dynamodb:DescribeTable")
            + on(
                "\(table(tables.photos))/stream/*", .streams, "dynamodb:DescribeStream", "dynamodb:GetShardIterator",
                "dynamodb:GetRecords")
        let doctor = [tables.photos, tables.galleries, tables.users, tables.jobs].flatMap {
            on(table($0), .doctor, "dynamodb:DescribeTable")
        }
        let mail =
            on("identity/*", .mail, "ses:SendEmail")
            + on("*", .doctorsMail, "ses:GetIdentityVerificationAttributes")
        let others =
            on(table(tables.photos), .import, "dynamodb:PutItem")
            + on(originals, .import, "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")
            + on(table(tables.photos), .batch, "dynamodb:BatchGetItem", "dynamodb:Scan")
            + on(photosByUser, .batch, "dynamodb:Query")
            + on(table(tables.photos), .bench, "dynamodb:DeleteItem")
            + on(table(tables.jobs), .bench, "dynamodb:DeleteItem")
        let setup =
            on(table(tables.jobs), .setup, "dynamodb:DescribeTable", "dynamodb:CreateTable")
            + on(table(tables.photos), .setup, "dynamodb:DescribeTable", "dynamodb:UpdateTable")
            + on(buckets.renditions, .setup, "s3:ListBucket", "s3:CreateBucket")
        let platform =
            on("*", .platform, "ses:GetIdentityVerificationAttributes", "ses:VerifyEmailIdentity")
            + [tables.photos, tables.galleries, tables.users].flatMap {
                on(table($0), .platform, "dynamodb:DescribeTable", "dynamodb:CreateTable", "dynamodb:UpdateTable")
            }
            + on(
                buckets.photos, .platform, "s3:ListBucket", "s3:CreateBucket", "s3:GetBucketCORS", "s3:PutBucketCORS",
                "s3:GetBucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock")
            + on(
                buckets.renditions, .platform, "s3:GetBucketCORS", "s3:PutBucketCORS", "s3:GetBucketPolicy",
                "s3:PutBucketPolicy", "s3:GetBucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock")
        return worker + streams + mail + doctor + others + setup + platform
    }
}
