import RenditionCore
import ServiceLifecycle

/// Renders what hooks ask for, as a service: a graceful shutdown finishes what is in hand.
struct RenderingService: Service {
    let rendering: ResidentRendering

    func run() async throws {
        await withGracefulShutdownHandler {
            _ = await rendering.run()
        } onGracefulShutdown: {
            rendering.stop()
        }
    }
}

/// Something that goes on until a graceful shutdown, as a service.
struct LingeringService: Service {
    let body: @Sendable () async throws -> Void

    func run() async throws { try await cancelWhenGracefulShutdown { try await body() } }
}
