import Foundation
import Hummingbird
import Logging
import NIOCore
import RenditionTestKit
import ServiceLifecycle
import Synchronization
import Testing

@testable import renditions

/// A page's stream of events, and readers that fall asleep over it.
@Suite("The stream of events", .timeLimit(.minutes(2)))
struct EventStreamTests {
    /// A laptop that was closed with the page open keeps neither its place nor the process.
    @Test(arguments: [true, false]) func aReaderThatReadsNoMoreHoldsNobody(_ isEnding: Bool) async throws {
        let viewers = ViewerCount(most: 1)
        // More than the system holds for a reader.
        let document = [UInt8](repeating: UInt8(ascii: " "), count: 16 << 20)
        let end = EndSignal()
        var stream = EventStream(until: end) { document }
        stream.patience = isEnding ? .seconds(600) : .seconds(2)
        let port = Mutex(0)
        let router = Router()
        router.get("/events") { [stream] _, _ in
            guard let seat = viewers.enter() else { return Response(status: .serviceUnavailable) }
            return stream.response(seat: seat)
        }
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in port.withLock { $0 = channel.localAddress?.port ?? 0 } }, logger: quiet)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [EndingServer(server: server, end: end)], logger: quiet))
        let hasEnded = Mutex(false)
        let running = Task {
            defer { hasEnded.withLock { $0 = true } }
            try await group.run()
        }
        try await eventually("the server listens") { port.withLock { $0 } != 0 }
        let script = """
            import socket, sys, time
            reader = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
            reader.sendall(b"GET /events HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
            print(reader.recv(10), flush=True)
            time.sleep(600)
            """
        let reader = try Command("python3", ["-c", script, "\(port.withLock { $0 })"])
        defer { reader.signal(SIGKILL) }
        try await eventually("the reader has begun") { !reader.output.isEmpty }
        #expect(viewers.enter() == nil)
        if !isEnding {
            try await eventually("its place is free again") { viewers.enter() != nil }
        }
        await group.triggerGracefulShutdown()
        try await eventually("the server has ended", within: .seconds(30)) { hasEnded.withLock { $0 } }
        try await running.value
    }
}
