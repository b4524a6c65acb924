import Logging
import RenditionCore

/// Looks at everything on S3 and DynamoDB that the worker needs, from the way there to single permissions. It changes
/// nothing, and comes to an end whatever is broken.
package struct AWSExamination: Sendable {
    private let services: AWSServices
    private let configuration: AWSConfiguration
    private let frontend: String
    private let cdn: String?

    /// - Parameters:
    ///   - frontend: The address of the pages that show renditions.
    ///   - cdn: The host of the CDN that stands before the renditions.
    package init(_ configuration: AWSConfiguration, frontend: String, cdn: String?, logger: Logger) {
        self.configuration = configuration
        self.frontend = frontend
        self.cdn = cdn
        // Once more is enough to tell an accident from a fault.
        services = AWSServices(configuration, logger: logger, maxAttempts: 2)
    }

    /// - Parameter tell: Told of each finding as soon as it is made.
    package func run(_ tell: (Finding) throws -> Void) async throws {
        do {
            try await examine(tell)
        } catch {
            await services.transport.close()
            throw error
        }
        await services.transport.close()
    }

    private func examine(_ tell: (Finding) throws -> Void) async throws {
        /// - Returns: Whether nothing bad was found, and something was.
        func look(_ check: Check) async throws -> Bool {
            let findings = await check.run()
            for finding in findings { try tell(finding) }
            return findings.allSatisfy { [.good, .warning].contains($0.verdict) }
        }
        func leave(_ group: Finding.Group, _ subject: String, _ reason: String) throws {
            try tell(Finding(group, .unknown, subject, "not looked at, since \(reason)"))
        }

        let connection = ConnectionLook(services, configuration)
        // Each request in it has a deadline of its own.
        let reached = await connection.reach()
        for place in reached { try tell(place.finding) }
        let inReach = Set(reached.filter { $0.finding.verdict == .good }.flatMap(\.names))
        guard !inReach.isEmpty else {
            return try leave(.storage, "everything else there", "S3 and DynamoDB can't be reached")
        }
        _ = try await look(Check(.connection, "clock") { connection.skew() })
        let identity = IdentityLook(services: services, configuration: configuration)
        let isKnown = try await look(Check(.connection, "credentials", checked { try await identity.findings() }))
        guard isKnown else {
            try leave(.storage, "buckets, tables and permissions", "the credentials aren't accepted")
            return
        }

        let mail = MailLook(ses: services.ses, configuration: configuration)
        _ = try await look(Check(.connection, MailLook.subject, checked { try await mail.findings() }))

        var present: Set<Bucket> = []
        if !inReach.contains(ConnectionLook.s3) { try leave(.storage, "buckets", "S3 can't be reached") }
        if !inReach.contains(ConnectionLook.dynamo) { try leave(.storage, "tables", "DynamoDB can't be reached") }
        for (bucket, setting) in [(Bucket.photos, "S3_PHOTOS_BUCKET"), (.renditions, "S3_RENDITIONS_BUCKET")]
        where inReach.contains(ConnectionLook.s3) {
            let name = configuration.buckets[bucket]
            let bucketLook = BucketLook(s3: services.s3, region: configuration.region, name: name, setting: setting)
            if try await look(Check(.storage, bucketLook.subject, checked { try await bucketLook.findings() })) {
                present.insert(bucket)
            }
        }
        for shape in TableShape.all(configuration.tables) where inReach.contains(ConnectionLook.dynamo) {
            let tableLook = TableLook(
                dynamo: services.dynamo, shape: shape,
                needsStream: configuration.feed == .streams && shape.name == configuration.tables.photos)
            _ = try await look(Check(.storage, tableLook.subject, checked { try await tableLook.findings() }))
        }

        if inReach.contains(ConnectionLook.s3) { try await lookAsStranger(present, look, leave) }

        let trials = PermissionTrials(services: services, configuration: configuration, inReach: inReach)
        _ = try await look(Check(.permissions, "actions", limit: .seconds(60)) { await trials.findings() })
    }

    private func lookAsStranger(
        _ present: Set<Bucket>, _ look: (Check) async throws -> Bool,
        _ leave: (Finding.Group, String, String) throws -> Void
    ) async throws {
        let buckets = configuration.buckets
        let reads = PublicReads(s3: services.s3, buckets: buckets, cdn: cdn)
        let origin = CrossOrigin.origin(of: frontend) ?? frontend
        if present.contains(.photos) {
            _ = try await look(Check(.browsers, reads.originalsSubject, checked { [try await reads.originals()] }))
            // Only where originals are uploaded straight into the bucket.
            try await lookAcross(buckets.photos, .uploading(from: origin), .warning, look)
        } else {
            try leave(.browsers, reads.originalsSubject, "the bucket isn't in order")
        }
        if present.contains(.renditions) {
            _ = try await look(Check(.browsers, reads.renditionsSubject, checked { [try await reads.renditions()] }))
            try await lookAcross(buckets.renditions, .reading(from: origin), cdn == nil ? .bad : .warning, look)
        } else {
            try leave(.browsers, reads.renditionsSubject, "the bucket isn't in order")
        }
    }

    private func lookAcross(
        _ bucket: String, _ pages: CrossOrigin, _ verdict: Finding.Verdict, _ look: (Check) async throws -> Bool
    ) async throws {
        let crossing = CrossOriginLook(s3: services.s3, bucket: bucket, pages: pages, verdict: verdict)
        _ = try await look(Check(.browsers, crossing.subject, checked { try await crossing.findings() }))
    }

    /// Puts what the services refuse into the words of remedies.
    private func checked(
        _ body: @escaping @Sendable () async throws -> [Finding]
    ) -> @Sendable () async throws -> [Finding] {
        { try await store { try await body() } }
    }
}
