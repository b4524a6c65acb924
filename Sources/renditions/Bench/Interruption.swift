import Synchronization

/// Tells a benchmark that it is to end early. Any thread may use it.
final class Interruption: Sendable {
    private struct State {
        var isAsked = false
        var handler: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    func ask() {
        state.withLock { state in
            state.isAsked = true
            return state.handler
        }?()
    }

    /// - Throws: ``BenchFailure/interrupted`` once it was asked for.
    func check() throws {
        if state.withLock({ $0.isAsked }) { throw BenchFailure.interrupted }
    }

    /// Runs `body`, and `handler` where it is asked for meanwhile.
    func handled<Result>(by handler: @escaping @Sendable () -> Void, _ body: () async -> Result) async -> Result {
        let isAsked = state.withLock { state in
            state.handler = handler
            return state.isAsked
        }
        if isAsked { handler() }
        defer { state.withLock { $0.handler = nil } }
        return await body()
    }
}
