import ServiceLifecycle

/// Work that a signal asks to end: see ``SignalledGroup``.
struct StoppableService: Service {
    let body: @Sendable () async throws -> Void
    /// Called once, from any thread, when the work is to end in order.
    let onStop: @Sendable () -> Void

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await body()
        } onGracefulShutdown: {
            onStop()
        }
    }
}
