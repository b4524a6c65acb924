import Dispatch

/// A bounded pool of Dispatch threads for work that blocks: rendering, or a disk.
///
/// Swift's cooperative pool has one thread a core and expects nobody to hold one; all blocking C runs here instead. Jobs
/// start in the order in which they were submitted.
///
/// Each slot is a serial queue, since Dispatch gives every busy serial queue a thread of its own. Concurrent queues share
/// one thread a core among all of the process's pools: there, a lease's renewal would wait behind two renders.
package actor DispatchPool {
    /// How many jobs run at once, at least 1.
    package nonisolated let width: Int
    private var free: [DispatchQueue]
    private var waiting: [(id: UInt64, start: CheckedContinuation<DispatchQueue?, Never>)] = []
    private var nextID: UInt64 = 0

    package init(width: Int, label: String) {
        self.width = max(1, width)
        free = (0..<max(1, width)).map { DispatchQueue(label: "\(label).\($0)") }
    }

    /// Runs blocking work on a thread of the pool and suspends until it is done.
    ///
    /// Work that has started always runs to its end. A task that is cancelled while it waits for a thread leaves the
    /// line.
    ///
    /// - Throws: What the work throws; `CancellationError` when cancelled before it started.
    package func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        let queue = try await acquire()
        let result: Swift.Result<Result, any Error> = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Swift.Result(catching: work)) }
        }
        release(queue)
        return try result.get()
    }

    private func acquire() async throws -> DispatchQueue {
        try Task.checkCancellation()
        if let queue = free.popLast() { return queue }
        let id = nextID
        nextID += 1
        let queue: DispatchQueue? = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<DispatchQueue?, Never>) in
                if Task.isCancelled {
                    continuation.resume(returning: nil)
                } else {
                    waiting.append((id, continuation))
                }
            }
        } onCancel: {
            Task { await self.leave(id) }
        }
        guard let queue else { throw CancellationError() }
        return queue
    }

    private func release(_ queue: DispatchQueue) {
        if waiting.isEmpty {
            free.append(queue)
        } else {
            waiting.removeFirst().start.resume(returning: queue)
        }
    }

    private func leave(_ id: UInt64) {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
        waiting.remove(at: index).start.resume(returning: nil)
    }
}
