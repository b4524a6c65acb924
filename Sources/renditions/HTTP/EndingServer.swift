import ServiceLifecycle

/// A server that ends when it is asked to, whatever its clients do: a connection whose reader sleeps can't be closed in order.
struct EndingServer: Service {
    let server: any Service
    /// Told of the shutdown, for requests in progress.
    let end: EndSignal
    /// How long connections may take to close.
    var grace = Duration.seconds(3)

    func run() async throws {
        try await withGracefulShutdownHandler {
            do {
                try await end.race(grace: grace) { try await server.run() }
            } catch is CancellationError where end.isSet {
            }
        } onGracefulShutdown: {
            end.set()
        }
    }
}
