import Foundation
import RenditionAWS
import RenditionCore
import RenditionLocal
import RenditionTestKit

/// A store under chaos, and what its platform does there beside the workers.
protocol ChaosTarget: Sendable {
    /// The store as this process sees it, with no fault between.
    var store: any PhotoStore { get }
    /// The buckets' public URLs, as the workers write them.
    var urls: PublicURLs { get }
    /// What a process needs to work on the store.
    func environment(through proxy: FaultProxy?) -> [String: String]
    /// Something that can lie between a worker and the store; nil where nothing can.
    func proxy() async throws -> FaultProxy?
    /// Something that breaks a worker's disk; nil where it needs none.
    func disk() async throws -> BrokenDisk.Switch?
    /// Writes a new photo's record, and tells nobody.
    func insert(_ record: PhotoRecord) async throws
    func deleteRecord(_ id: String) async throws
    func keep(_ photographer: Photographer, as id: String) async throws
    func keys(_ bucket: Bucket) async throws -> [String]
    /// Files that are nobody's any more once all workers are gone.
    func temporaries() throws -> [String]
    /// Ends the store's own process and starts it again; false where it has none.
    func restart() async throws -> Bool
    func close() async
}

/// The stores that there are.
enum ChaosStore: Sendable, CaseIterable {
    case dynamoDBAndS3, embedded

    /// A new one for a directed test: on the tests' common emulator, or in `folder`.
    func target(in folder: TestFolder) async throws -> any ChaosTarget {
        switch self {
        case .dynamoDBAndS3: try await AWSTarget(on: .shared())
        case .embedded: try LocalTarget(folder.path(UUID().uuidString))
        }
    }
}

/// DynamoDB and S3.
struct AWSTarget: ChaosTarget {
    let platform: AWSPlatform
    let store: any PhotoStore

    init(on emulator: Emulator) async throws {
        platform = try await AWSPlatform.make(on: emulator)
        store = try await platform.open(feed: .poll)
    }

    var urls: PublicURLs { PublicURLs(endpoint: platform.emulator.endpoint, names: platform.buckets) }

    func environment(through proxy: FaultProxy?) -> [String: String] {
        var environment = platform.environment
        if let proxy { environment["AWS_ENDPOINT_URL"] = proxy.endpoint }
        environment["RENDITIONS_PUBLIC_ENDPOINT"] = platform.emulator.endpoint
        return environment
    }

    func proxy() async throws -> FaultProxy? { try await FaultProxy.start(upstream: platform.emulator.endpoint) }
    func disk() -> BrokenDisk.Switch? { nil }

    func insert(_ record: PhotoRecord) async throws {
        _ = try await platform.dynamo.put(record.attributes, into: platform.tables.photos)
    }

    func deleteRecord(_ id: String) async throws {
        try await platform.dynamo.delete(["id": .string(id)], from: platform.tables.photos)
    }

    func keep(_ photographer: Photographer, as id: String) async throws {
        let place: [String: RecordValue] = ["email": .string("\(id)@example.com"), "id": .string(id)]
        _ = try await platform.dynamo.put(
            photographer.attributes.merging(place) { $1 }, into: platform.tables.users)
    }

    func keys(_ bucket: Bucket) async throws -> [String] { try await store.objects.keys(bucket, prefix: "") }

    func temporaries() -> [String] { [] }

    func restart() async throws -> Bool {
        try await platform.emulator.restart()
        return true
    }

    func close() async {
        await store.close()
        await platform.close()
    }
}

/// SQLite and a folder.
struct LocalTarget: ChaosTarget {
    let directory: String
    private let local: LocalStore

    init(_ directory: String) throws {
        self.directory = directory
        local = try LocalStore(directory: directory, creates: true)
    }

    var store: any PhotoStore { local }
    var urls: PublicURLs { PublicURLs(endpoint: "http://localhost", names: BucketNames()) }

    func environment(through proxy: FaultProxy?) -> [String: String] { ["RENDITIONS_STORE": "local:\(directory)"] }
    func proxy() -> FaultProxy? { nil }
    func disk() async throws -> BrokenDisk.Switch? { try await BrokenDisk().makeSwitch(below: directory) }

    func insert(_ record: PhotoRecord) async throws {
        try await store.submit(record, lane: .fresh)
        store.doorbell.ring()
    }

    func deleteRecord(_ id: String) throws {
        try SQLiteShell.run("DELETE FROM photo WHERE id = '\(id)'", "\(directory)/store.sqlite")
    }

    func keep(_ photographer: Photographer, as id: String) async throws { try await local.keep(photographer, as: id) }

    func keys(_ bucket: Bucket) throws -> [String] {
        let root = "\(directory)/objects/\(BucketNames()[bucket])"
        let found = try? FileManager.default.subpathsOfDirectory(atPath: root)
        return (found ?? []).filter { !isFolder("\(root)/\($0)") }
    }

    /// The folder of this process is its own; what is left of workers that were killed goes with the next that starts.
    func temporaries() throws -> [String] {
        let root = "\(directory)/tmp"
        return try FileManager.default.subpathsOfDirectory(atPath: root).filter {
            !isFolder("\(root)/\($0)") && PathName.last($0) != "lock"
        }
    }

    private func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    func restart() -> Bool { false }
    func close() async { await store.close() }
}
