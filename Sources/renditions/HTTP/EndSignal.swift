import Synchronization

/// Tells requests in progress that their server is to end. Any thread may use it.
///
/// A graceful shutdown doesn't reach their tasks by itself.
final class EndSignal: Sendable {
    private let state = Mutex(false)

    var isSet: Bool { state.withLock { $0 } }

    func set() { state.withLock { $0 = true } }

    /// Waits until it is set, or throws when cancelled.
    func wait() async throws {
        while !isSet { try await Task.sleep(for: .milliseconds(100)) }
    }

    /// Does something that is cancelled when the signal comes.
    ///
    /// - Parameter grace: How long it may go on then.
    /// - Throws: `CancellationError` where the signal came first; what `body` throws.
    func race<Result: Sendable>(
        grace: Duration = .zero, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await body() }
            group.addTask { [self] in
                try await wait()
                try await Task.sleep(for: grace)
                throw CancellationError()
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }
}
