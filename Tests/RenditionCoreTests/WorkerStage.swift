import Foundation
import Logging
import RenditionCore
import RenditionLocal
import RenditionTestKit
import Synchronization

/// What tests of the worker have in common: an embedded store, photos in it, and workers on it.
protocol WorkerStage {
    var folder: TestFolder { get }
    var store: LocalStore { get }
}

extension WorkerStage {
    static var urls: PublicURLs { PublicURLs(endpoint: "http://localhost:5173", names: BucketNames()) }

    func importPhoto(_ name: String = "a.jpg", _ bytes: String = "original") async throws -> String {
        let path = try folder.write(name, Array(bytes.utf8))
        return try await Importer(store: store, urls: Self.urls).importFile(
            path, bytes: bytes.utf8.count, galleryID: "g", userID: "u"
        ).id
    }

    func worker(
        _ renderer: StubRenderer, on other: (any PhotoStore)? = nil, drain: Bool = true, threads: Int = 2,
        adjust: (inout WorkerConfiguration) -> Void = { _ in },
        onPhoto: @escaping @Sendable (PhotoReport) -> Void = { _ in }
    ) -> Worker {
        var configuration = WorkerConfiguration(
            owner: "w-\(UUID().uuidString.prefix(4))", renderWidth: threads,
            retry: Backoff(base: .milliseconds(1), cap: .milliseconds(5), jitter: 0),
            idle: IdlePace(floor: .milliseconds(1), ceiling: .milliseconds(10)), urls: Self.urls, drain: drain)
        adjust(&configuration)
        return Worker(
            store: other ?? store, renderer: renderer, configuration: configuration,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, onPhoto: onPhoto)
    }

    func renditions() -> [String] { folder.files(below: "store/objects/galerly-renditions-local") }
}

/// Collects what a worker reports.
final class Reports: Sendable {
    private let list = Mutex<[PhotoReport]>([])

    var all: [PhotoReport] { list.withLock { $0 } }

    func add(_ report: PhotoReport) { list.withLock { $0.append(report) } }
}
