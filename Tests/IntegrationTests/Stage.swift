import Foundation
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Synchronization

/// A platform of a test's own, set up for workers, and the worker processes on it. They don't outlive it.
final class Stage: Sendable {
    let platform: AWSPlatform
    private let workers = Mutex<[Command]>([])

    init(feed: FeedKind = .poll) async throws {
        platform = try await AWSPlatform.make(on: .shared())
        try await platform.open(feed: feed).close()
    }

    deinit {
        for worker in workers.withLock({ $0 }) where worker.isRunning { worker.signal(SIGKILL) }
        Task { [platform] in await platform.close() }
    }

    func proxy() async throws -> FaultProxy {
        try await FaultProxy.start(upstream: platform.emulator.endpoint)
    }

    /// Starts a worker.
    ///
    /// - Parameter proxy: What its requests go through; nil for straight to the emulator.
    func worker(
        _ arguments: [String] = [], through proxy: FaultProxy? = nil, _ settings: [String: String] = [:]
    ) throws -> Command {
        var environment = platform.environment
        if let proxy { environment["AWS_ENDPOINT_URL"] = proxy.endpoint }
        // A proxy is no part of a photo's URLs.
        environment["RENDITIONS_PUBLIC_ENDPOINT"] = platform.emulator.endpoint
        environment.merge(settings) { $1 }
        let worker = try Command(Renditions.path, ["worker", "--json"] + arguments, environment: environment)
        workers.withLock { $0.append(worker) }
        return worker
    }

    func upload(_ sample: String) async throws -> String {
        try await platform.upload(Corpus.samples.bytes(sample), as: sample)
    }

    /// Uploads a photo where something older stands under its renditions' keys already, so that a worker has to look.
    func uploadOverRemains(_ sample: String) async throws -> String {
        let bytes = Corpus.samples.bytes(sample)
        let photo = NewPhoto(
            id: UUID().uuidString.lowercased(), galleryID: "g", userID: "u", filename: sample, fileSize: bytes.count)
        let objects = S3Objects(s3: platform.s3, names: platform.buckets)
        for size in RenditionSize.all {
            let key = ObjectKeys.rendition(galleryID: "g", originalKey: photo.s3Key, size: size)
            _ = try await objects.put(
                ObjectUpload(key: key, body: .bytes([1]), contentType: "image/jpeg", metadata: ["fence": "0"]),
                in: .renditions, if: .absent)
        }
        return try await platform.upload(bytes, as: sample, id: photo.id)
    }

    /// Puts another file under a photo's key.
    func replaceOriginal(of id: String, with sample: String) async throws {
        guard let key = try await platform.record(id)?.s3Key else { return }
        try await platform.put(Corpus.samples.bytes(sample), as: key)
    }

    func showing(_ id: String) async throws -> Showing { try await Showing(id, on: platform) }

    func isRendered(_ id: String) async throws -> Bool {
        let photo = try await showing(id)
        return photo.record.status == PhotoStatus.active && photo.state == "done"
    }
}
