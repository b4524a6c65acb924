import Logging
import Synchronization

/// Renders single photos at once, in this process, for whoever waits for them.
///
/// One worker serves all: its threads, its memory budget, leases, retries. Any thread may use it.
package final class ResidentRendering: Sendable {
    private let worker: Worker
    private let chosen: ChosenStore
    private let waiters: Waiters

    /// - Parameter configuration: `drain` is ignored: it works until it is stopped.
    package init(
        store: any PhotoStore, renderer: any PhotoRenderer, configuration: WorkerConfiguration, logger: Logger
    ) {
        let waiters = Waiters()
        self.waiters = waiters
        chosen = ChosenStore(store) { photo, end in waiters.end(photo.id, .success(end)) }
        var configuration = configuration
        configuration.drain = false
        worker = Worker(store: chosen, renderer: renderer, configuration: configuration, logger: logger)
    }

    package var status: WorkerStatus { worker.status }

    /// Works until stopped.
    ///
    /// - Returns: how many photos were left unfinished.
    package func run() async -> Int {
        let unfinished = await worker.run()
        waiters.close()
        return unfinished
    }

    package func stop() { worker.stop() }

    /// Renders a photo and waits for its end, further attempts included.
    ///
    /// - Throws: A retriable ``RenditionError`` `stopped` where this process is stopped first; another worker renders it then.
    package func render(_ photo: PhotoRef, note: JobNote) async throws -> ChosenEnd {
        try await withCheckedThrowingContinuation { continuation in
            // Before it is chosen: it may end at once.
            guard waiters.enter(photo.id, continuation) else { return }
            Task { try await chosen.choose([ChosenPhoto(photo, lane: .fresh, note: note)]) }
        }
    }
}

/// Those who wait for photos.
private final class Waiters: Sendable {
    private struct State {
        var waiting: [String: [CheckedContinuation<ChosenEnd, any Error>]] = [:]
        var isClosed = false
    }

    private let state = Mutex(State())

    /// - Returns: false where nothing ends any more; the continuation was resumed then.
    func enter(_ id: String, _ continuation: CheckedContinuation<ChosenEnd, any Error>) -> Bool {
        let isOpen = state.withLock { state in
            if !state.isClosed { state.waiting[id, default: []].append(continuation) }
            return !state.isClosed
        }
        if !isOpen { continuation.resume(throwing: Self.stopped) }
        return isOpen
    }

    func end(_ id: String, _ result: Result<ChosenEnd, any Error>) {
        for waiter in state.withLock({ $0.waiting.removeValue(forKey: id) }) ?? [] { waiter.resume(with: result) }
    }

    func close() {
        let left = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [:] }
            return state.waiting.values.flatMap { $0 }
        }
        for waiter in left { waiter.resume(throwing: Self.stopped) }
    }

    private static let stopped = RenditionError(
        code: "stopped", stage: .claim, retriable: true,
        message: "The process that was to render this photo was stopped. Another worker will.")
}
