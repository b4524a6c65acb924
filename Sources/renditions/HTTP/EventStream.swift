import Hummingbird
import NIOCore
import ServiceLifecycle

/// Server-sent events (HTML Living Standard, section 9.2): the same document again and again, a second apart, while a page
/// is open.
struct EventStream: Sendable {
    /// How long a reader may not read, and how often it is told something.
    var patience = Duration.seconds(30)
    var interval = Duration.seconds(1)
    let document: @Sendable () async throws -> [UInt8]

    /// The reader reads no more.
    private struct Stalled: Error {}

    /// - Parameter seat: Kept for as long as the stream lasts.
    func response(seat: ViewerCount.Seat) -> Response {
        let body = ResponseBody { writer in
            defer { withExtendedLifetime(seat) {} }
            // Only ever used by one task at a time: each write ends before the next begins.
            nonisolated(unsafe) var open = writer
            try await send(ByteBuffer(string: "retry: 2000\n\n")) { try await open.write($0) }
            while !Task.isCancelled, !Task.isShuttingDownGracefully {
                var buffer = ByteBuffer(string: "event: status\ndata: ")
                buffer.writeBytes(try await document())
                buffer.writeString("\n\n")
                try await send(buffer) { try await open.write($0) }
                try await pause()
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"], body: body)
    }

    /// Writes, but doesn't wait for ever for a reader that sleeps: neither its place nor the process' end shall hang on it.
    private func send(_ buffer: ByteBuffer, _ write: @escaping @Sendable (ByteBuffer) async throws -> Void) async throws
    {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await write(buffer) }
            group.addTask {
                try await Task.sleep(for: patience)
                throw Stalled()
            }
            group.addTask {
                while !Task.isShuttingDownGracefully { try await Task.sleep(for: .milliseconds(200)) }
                // What can be written still is.
                try await Task.sleep(for: .seconds(1))
                throw Stalled()
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Waits, but no longer than until a shutdown.
    private func pause() async throws {
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: interval) }
    }
}
