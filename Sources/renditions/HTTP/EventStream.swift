import Hummingbird
import NIOCore

/// Server-sent events (HTML Living Standard, section 9.2): the same document again and again, a second apart, while a page
/// is open.
struct EventStream: Sendable {
    /// How long a reader may not read, and how often it is told something.
    var patience = Duration.seconds(30)
    var interval = Duration.seconds(1)
    let end: EndSignal
    let document: @Sendable () async throws -> [UInt8]

    /// The reader reads no more.
    private struct Stalled: Error {}

    init(until end: EndSignal, _ document: @escaping @Sendable () async throws -> [UInt8]) {
        self.end = end
        self.document = document
    }

    /// - Parameter seat: Kept for as long as the stream lasts.
    func response(seat: ViewerCount.Seat) -> Response {
        let body = ResponseBody { writer in
            defer { withExtendedLifetime(seat) {} }
            // Unsafe, since the compiler can't see it: the writer isn't Sendable, and is used by one task at a time only. `send`
            // returns, or throws, once the task that writes has ended, and nothing else writes meanwhile.
            nonisolated(unsafe) var open = writer
            try await send(ByteBuffer(string: "retry: 2000\n\n")) { try await open.write($0) }
            while !Task.isCancelled, !end.isSet {
                var buffer = ByteBuffer(string: "event: status\ndata: ")
                buffer.writeBytes(try await document())
                buffer.writeString("\n\n")
                try await send(buffer) { try await open.write($0) }
                try? await end.race { [interval] in try await Task.sleep(for: interval) }
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"], body: body)
    }

    /// Writes, but doesn't wait for ever for a reader that sleeps: neither its place nor the process' end shall hang on it.
    private func send(_ buffer: ByteBuffer, _ write: @escaping @Sendable (ByteBuffer) async throws -> Void) async throws
    {
        // What can be written at the end still is.
        try await end.race(grace: .seconds(1)) { [patience] in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await write(buffer) }
                group.addTask {
                    try await Task.sleep(for: patience)
                    throw Stalled()
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }
}
