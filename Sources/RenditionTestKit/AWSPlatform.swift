import Foundation
import Logging
import NIOCore
import NIOHTTP1
import RenditionAWS
import RenditionCore

/// The platform as its backend sets it up, on an emulator: tables, indexes and buckets under names of their own, so that
/// tests don't meet.
package struct AWSPlatform: Sendable {
    package let emulator: Emulator
    /// The platform's tables, and the name that the worker's side table will have.
    package let tables: TableNames
    package let buckets: BucketNames
    /// The emulator's services, for looking at what was written and for writing as the backend does.
    package let dynamo: DynamoDB
    package let s3: S3
    package let ses: SES
    /// The address of ``upload(_:as:gallery:id:attributes:)``'s photographer, once there is one.
    package let photographersAddress: String
    private let transport: HTTPTransport

    /// The names of a platform of which nothing is there yet.
    package static func unmade(on emulator: Emulator) -> AWSPlatform {
        AWSPlatform(emulator, suffix: UUID().uuidString.prefix(8).lowercased())
    }

    /// Makes tables and buckets.
    package static func make(on emulator: Emulator) async throws -> AWSPlatform {
        let platform = unmade(on: emulator)
        try await platform.makeTables()
        for bucket in Bucket.allCases { try await platform.makeBucket(platform.buckets[bucket]) }
        return platform
    }

    private init(_ emulator: Emulator, suffix: String) {
        self.emulator = emulator
        tables = TableNames(
            photos: "photos-\(suffix)", galleries: "galleries-\(suffix)", users: "users-\(suffix)",
            jobs: "jobs-\(suffix)")
        buckets = BucketNames(photos: "photos-\(suffix)", renditions: "renditions-\(suffix)")
        photographersAddress = "anna@\(suffix).example"
        transport = HTTPTransport()
        let key = Credentials(accessKeyID: emulator.accessKeyID, secretAccessKey: emulator.secretAccessKey)
        let context = AWSContext(
            transport: transport, credentials: CredentialCache(CredentialChain([FixedCredentials(key)])),
            region: "us-east-1")
        let endpoint = Endpoint(emulator.endpoint) ?? Endpoint(host: "127.0.0.1")
        dynamo = DynamoDB(endpoint: endpoint, context: context)
        s3 = S3(endpoint: endpoint, addressing: .path, context: context)
        ses = SES(endpoint: endpoint, context: context)
    }

    /// What a `renditions` process needs to work here.
    package var environment: [String: String] {
        emulator.environment.merging([
            "RENDITIONS_STORE": "aws", "S3_PHOTOS_BUCKET": buckets.photos, "S3_RENDITIONS_BUCKET": buckets.renditions,
            "DYNAMODB_TABLE_PHOTOS": tables.photos, "DYNAMODB_TABLE_GALLERIES": tables.galleries,
            "DYNAMODB_TABLE_USERS": tables.users, "DYNAMODB_TABLE_RENDITION_JOBS": tables.jobs,
        ]) { $1 }
    }

    /// The same for a store in this process.
    ///
    /// - Parameter endpoint: A proxy's, in place of the emulator's own.
    package func configuration(
        endpoint: String? = nil, feed: FeedKind = .poll, owner: String = "test",
        officeLease: Duration = .seconds(15), silence: Duration = IdlePace.silenceAtStart
    ) -> AWSConfiguration {
        AWSConfiguration(
            endpoint: Endpoint(endpoint ?? emulator.endpoint), region: "us-east-1", tables: tables, buckets: buckets,
            feed: feed, owner: owner, officeLease: officeLease, silence: silence,
            environment: emulator.environment)
    }

    /// Opens a store here.
    ///
    /// - Parameter isSetUp: Whether to make the side table and the index first.
    package func open(
        endpoint: String? = nil, feed: FeedKind = .poll, owner: String = "test", clock: (any StoreClock)? = nil,
        officeLease: Duration = .seconds(15), silence: Duration = IdlePace.silenceAtStart, settingUp: Bool = true
    ) async throws -> AWSStore {
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let configuration = configuration(
            endpoint: endpoint, feed: feed, owner: owner, officeLease: officeLease, silence: silence)
        let store = try await AWSStore.open(configuration, logger: quiet, clock: clock, checksTables: !settingUp)
        if settingUp { try await store.setup { _ in } }
        return store
    }

    package func close() async { await transport.close() }

    // MARK: What the backend does

    /// Makes the photographer's and the gallery's records.
    package func enrol(gallery: String = "g", named name: String? = nil) async throws {
        _ = try await dynamo.put(
            ["email": .string(photographersAddress), "id": .string("u")], into: tables.users)
        guard let name else { return }
        _ = try await dynamo.put(
            ["user_id": .string("u"), "id": .string(gallery), "name": .string(name)], into: tables.galleries)
    }

    /// Uploads an original and writes its record, as the backend does.
    ///
    /// - Returns: the photo's id.
    @discardableResult
    package func upload(
        _ bytes: [UInt8], as filename: String, gallery: String = "g", id: String = UUID().uuidString.lowercased(),
        attributes: [String: RecordValue] = [:]
    ) async throws -> String {
        let photo = NewPhoto(
            id: id, galleryID: gallery, userID: "u", filename: filename, fileSize: bytes.count)
        try await put(bytes, as: photo.s3Key)
        let urls = PublicURLs(endpoint: emulator.endpoint, names: buckets)
        let record = photo.record(urls: urls, now: Timestamp(Date())).attributes
        _ = try await dynamo.put(record.merging(attributes) { $1 }, into: tables.photos)
        return id
    }

    package func put(_ bytes: [UInt8], as key: String) async throws {
        let objects = S3Objects(s3: s3, names: buckets)
        _ = try await objects.put(
            ObjectUpload(key: key, body: .bytes(bytes), contentType: "image/jpeg"), in: .photos, if: .none)
    }

    package func record(_ id: String) async throws -> PhotoRecord? {
        try await dynamo.get(["id": .string(id)], from: tables.photos).map(PhotoRecord.init(attributes:))
    }

    private func makeTables() async throws {
        func index(_ name: String, _ key: String) -> DynamoDB.Index {
            DynamoDB.Index(name, [.init(key, .hash)], .all)
        }
        func texts(_ names: String...) -> [DynamoDB.AttributeType] { names.map { .init($0, "S") } }
        _ = try await dynamo.create(
            tables.photos, keys: [.init("id", .hash)], attributes: texts("id", "gallery_id", "user_id"),
            indexes: [index("GalleryIdIndex", "gallery_id"), index("UserIdIndex", "user_id")])
        _ = try await dynamo.create(
            tables.galleries, keys: [.init("user_id", .hash), .init("id", .range)],
            attributes: texts("user_id", "id"), indexes: [index("GalleryIdIndex", "id")])
        _ = try await dynamo.create(
            tables.users, keys: [.init("email", .hash)], attributes: texts("email", "id"),
            indexes: [index("UserIdIndex", "id")])
    }

    /// Makes a bucket as its owner does, and not by what a test is about.
    private func makeBucket(_ name: String) async throws {
        var head = HTTPRequestHead(version: .http1_1, method: .PUT, uri: "/\(name)")
        head.headers = [
            "host": emulator.endpoint.replacing("http://", with: ""), "content-length": "0",
            "authorization": "AWS4-HMAC-SHA256 Credential=test/20250101/us-east-1/s3/aws4_request, "
                + "SignedHeaders=host, Signature=none",
        ]
        let response = try await HTTPExchange(emulator.endpoint).send(.init(head: head))
        guard response.head.status == .ok else {
            throw ServerFault("MiniStack makes no bucket: \(String(buffer: response.body))")
        }
    }
}

/// Credentials that are known beforehand.
package struct FixedCredentials: CredentialProvider {
    private let key: Credentials

    package init(_ key: Credentials) { self.key = key }

    package var source: String { "the test" }
    package func credentials() async throws -> Credentials? { key }
}
