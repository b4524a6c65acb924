import Logging
import RenditionCore

/// What `setup` makes.
package struct SetupPlan: Sendable {
    /// Whether what is the platform's own is made too: its tables, the bucket of originals, policies and rules.
    package var includesPlatform: Bool
    /// The address of the pages that show renditions; nil leaves the rules for browsers alone.
    package var frontend: String?
    /// Whether a CDN stands before the renditions, so that the bucket itself isn't opened.
    package var hasCDN: Bool
    /// Whether to say what would be done, and do nothing.
    package var isDry: Bool

    package init(includesPlatform: Bool, frontend: String?, hasCDN: Bool = false, isDry: Bool = false) {
        self.includesPlatform = includesPlatform
        self.frontend = frontend
        self.hasCDN = hasCDN
        self.isDry = isDry
    }
}

/// Makes what is missing on S3 and DynamoDB. Every step looks first: doing it again changes nothing, after an interruption it
/// goes on where it was, and two at once do no harm.
package struct AWSSetup: Sendable {
    private let configuration: AWSConfiguration
    private let plan: SetupPlan
    private let services: AWSServices

    package init(_ configuration: AWSConfiguration, _ plan: SetupPlan, logger: Logger) {
        self.configuration = configuration
        self.plan = plan
        services = AWSServices(configuration, logger: logger)
    }

    /// - Parameter tell: Told a line for each thing that is there or was made.
    /// - Throws: A ``RenditionError`` of stage `store` that names what is missing, such as an action of IAM.
    package func run(_ tell: @escaping @Sendable (String) -> Void) async throws {
        do {
            try await store { try await makeAll(tell) }
        } catch {
            await services.transport.close()
            throw error
        }
        await services.transport.close()
    }

    private func makeAll(_ tell: @escaping @Sendable (String) -> Void) async throws {
        try await makeBuckets(tell)
        let table = TableSetup(dynamo: services.dynamo, isDry: plan.isDry, tell: tell)
        let tables = configuration.tables
        if plan.includesPlatform {
            for shape in TableShape.all(tables) where shape.owner == .platform { try await table.make(shape) }
        } else {
            tell(
                "left to the platform: tables \(tables.photos), \(tables.galleries), \(tables.users); "
                    + "bucket \(configuration.buckets.photos); who may read, and from which pages (--platform makes them)"
            )
        }
        try await Self.makeQueue(configuration, table)
        if plan.includesPlatform, let mail = configuration.mail {
            try await MailSetup(
                ses: services.ses, region: configuration.region, isDry: plan.isDry, tell: tell
            ).run(mail.from)
        }
    }

    private func makeBuckets(_ tell: @escaping @Sendable (String) -> Void) async throws {
        let bucket = BucketSetup(s3: services.s3, region: configuration.region, isDry: plan.isDry, tell: tell)
        let (photos, renditions) = (configuration.buckets.photos, configuration.buckets.renditions)
        guard plan.includesPlatform else {
            if photos != renditions { _ = try await bucket.make(renditions) }
            return
        }
        let origin = plan.frontend.flatMap(CrossOrigin.origin)
        let hasPhotos = try await bucket.make(photos)
        // In one bucket for both the policy has to do: it speaks of renditions only.
        if photos != renditions { try await bucket.close(photos, isThere: hasPhotos) }
        if let origin { try await bucket.allow(.uploading(from: origin), in: photos, isThere: hasPhotos) }
        let hasRenditions = photos == renditions ? hasPhotos : try await bucket.make(renditions)
        if plan.hasCDN {
            tell("\(renditions) is not opened to everybody: CDN_DOMAIN stands before it")
        } else {
            try await bucket.open(renditions, isThere: hasRenditions)
        }
        if let origin {
            try await bucket.allow(.reading(from: origin), in: renditions, isThere: hasRenditions)
        } else {
            tell("the rules for browsers are left alone: FRONTEND_URL is not set")
        }
    }

    /// Makes the worker's own: its table, and the index of the photos table through which records are found.
    static func makeQueue(_ configuration: AWSConfiguration, _ table: TableSetup) async throws {
        let tables = configuration.tables
        let photos = TableShape.photos(tables)
        if !table.isDry, try await table.dynamo.describe(tables.photos) == nil {
            throw RenditionError(
                code: "no_table", stage: .store, retriable: false,
                message: "There is no table \(tables.photos), which is the platform's own to make. "
                    + "Check DYNAMODB_TABLE_PHOTOS and AWS_REGION; `renditions setup --platform` makes it.")
        }
        try await table.make(.jobs(tables))
        for index in photos.additions { try await table.add(index, to: photos) }
        if configuration.feed == .streams { try await table.turnStreamOn(tables.photos) }
    }
}
