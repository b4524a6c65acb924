import Foundation
import Logging
import RenditionCore
import ServiceLifecycle
import Synchronization

/// A benchmark as a service: a signal ends it early, and what it has made is removed.
final class BenchService: Service {
    private let body: @Sendable () async throws -> Void
    private let interruption: Interruption
    private let failure = Mutex<(any Error)?>(nil)

    private init(_ interruption: Interruption, _ body: @escaping @Sendable () async throws -> Void) {
        self.interruption = interruption
        self.body = body
    }

    /// Runs `body` until it ends or a signal asks for it.
    static func run(
        _ interruption: Interruption, logger: Logger, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let service = BenchService(interruption, body)
        try await SignalledGroup.run(service, logger: logger)
        if let failure = service.failure.withLock({ $0 }) { throw failure }
    }

    func run() async throws {
        await withGracefulShutdownHandler {
            do {
                try await body()
            } catch {
                failure.withLock { $0 = error }
            }
        } onGracefulShutdown: {
            self.interruption.ask()
        }
    }
}
