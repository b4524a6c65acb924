import Foundation
import Logging
import RenditionAWS
import RenditionCore
import RenditionLocal
import Synchronization

/// A turn of the real worker on a real store: photos are imported into a gallery of their own, rendered, and removed again.
struct WorkerTurn: Sendable {
    let store: any PhotoStore
    let renderer: any PhotoRenderer
    let configuration: WorkerConfiguration
    let logger: Logger
    let interruption: Interruption

    func run(_ files: [OriginalFile]) async throws -> Turn {
        // The worker would render others' photos along with these.
        let owed = try await store.queue.depth().owed
        guard owed == 0 else { throw BenchFailure.busyStore(owed: owed) }
        guard try await store.isFed() else { throw BenchFailure.unqueuedPhotos }
        let gallery = "bench-\(UUID().uuidString.prefix(8).lowercased())"
        var photos: [Importer.Imported] = []
        do {
            let importer = Importer(store: store, urls: configuration.urls)
            for file in files {
                try interruption.check()
                photos.append(
                    try await importer.importFile(
                        file.path, bytes: file.bytes, galleryID: gallery, userID: "bench"))
            }
            let turn = try await work(Set(photos.map(\.id)))
            await remove(photos, gallery)
            return turn
        } catch {
            await remove(photos, gallery)
            throw error
        }
    }

    private func work(_ photos: Set<String>) async throws -> Turn {
        struct State {
            var ended: [String: PhotoReport] = [:]
            var strangers = 0
            var turn: Turn?
            var worker: Worker?
        }
        let meter = (store as? AWSStore)?.meter
        let before = meter?.counts ?? [:]
        let state = Mutex(State())
        let watch = Turn.Watch()
        let worker = Worker(
            store: store, renderer: renderer, configuration: configuration, logger: logger
        ) { report in
            state.withLock { state in
                guard photos.contains(report.photo) else {
                    state.strangers += 1
                    return
                }
                guard [.done, .failed].contains(report.outcome) else { return }
                state.ended[report.photo] = report
                guard state.ended.count == photos.count, state.turn == nil else { return }
                state.turn = watch.turn(Array(state.ended.values))
                state.turn?.requests = meter?.counts(since: before)
                state.turn?.strangers = state.strangers
                // It has nothing to wait for any more.
                state.worker?.stop()
            }
        }
        state.withLock { $0.worker = worker }
        _ = await interruption.handled(by: { worker.stop() }, { await worker.run() })
        state.withLock { $0.worker = nil }
        try interruption.check()
        guard let turn = state.withLock({ $0.turn }) else {
            throw BenchFailure.lostPhotos(photos.count - state.withLock { $0.ended.count })
        }
        return turn
    }

    /// Removes everything that was made of the photos. It says where they are if it can't.
    private func remove(_ photos: [Importer.Imported], _ gallery: String) async {
        // A task of its own: the benchmark may have been cancelled.
        let failures = await Task {
            var failures: [any Error] = []
            for photo in photos {
                do { try await remove(photo, gallery) } catch { failures.append(error) }
            }
            return failures
        }.value
        guard let first = failures.first else { return }
        Terminal.complain(
            "\(failures.count) photos of the benchmark are still in the gallery \(gallery), since they could not be "
                + "removed: \(first)")
    }

    private func remove(_ photo: Importer.Imported, _ gallery: String) async throws {
        try await store.withdraw(photo.id)
        try await store.objects.delete(.photos, key: photo.s3Key)
        for size in RenditionSize.all {
            for format in [.jpeg] + (configuration.instructions.furtherFormats[size.name] ?? []) {
                let key = ObjectKeys.rendition(galleryID: gallery, originalKey: photo.s3Key, size: size, format: format)
                try await store.objects.delete(.renditions, key: key)
            }
        }
    }
}
