import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A proxy on the loopback interface that does to a server's traffic what a test tells it to.
///
/// It passes requests and answers as they came, the `Host` header included, so that signatures made for the proxy's
/// endpoint stay valid where the upstream verifies them against that header. Whole bodies are held in memory, and each
/// request gets an upstream connection of its own. Where the upstream can't be reached, the client's connection is
/// closed without an answer.
package final class FaultProxy: Sendable {
    private let traffic: FaultTraffic
    private let listener: any Channel
    private let task: Task<Void, Never>
    package let endpoint: String

    private init(_ traffic: FaultTraffic, listener: any Channel, task: Task<Void, Never>) {
        self.traffic = traffic
        self.listener = listener
        self.task = task
        endpoint = "http://127.0.0.1:\(listener.localAddress?.port ?? 0)"
    }

    /// Starts a proxy that passes everything.
    ///
    /// - Parameters:
    ///   - upstream: `host:port`, with or without `http://` before it.
    ///   - recording: Whether to keep ``requests``.
    package static func start(upstream: String, recording: Bool = false) async throws -> FaultProxy {
        let traffic = FaultTraffic(try HTTPExchange(upstream), recording: recording)
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try FaultConnection.speakHTTP(on: channel)
                    return FaultConnection(channel, traffic)
                }
            }
        let task = Task {
            _ = try? await server.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        group.addTask { await connection.serve() }
                    }
                }
            }
        }
        return FaultProxy(traffic, listener: server.channel, task: task)
    }

    /// Lets a handler decide on every request from now on.
    package func onRequest(_ handler: @escaping @Sendable (Seen) -> Action) { traffic.onRequest(handler) }

    /// How many requests came, whatever became of them, by ``Seen/name``.
    package func counts() -> [String: Int] { traffic.record.counts }

    /// The requests that came, without their bodies, if they are recorded.
    package var requests: [Seen] { traffic.record.requests }

    /// Forgets what came, and passes everything again.
    package func reset() { traffic.reset() }

    /// Cuts the clients off: nothing is forwarded or answered, and nothing closed either.
    package func pause() { traffic.valve.close() }

    /// Ends a pause. What came meanwhile is forwarded, but for the requests of clients that have closed their connection.
    package func resume() { traffic.valve.open() }

    /// Closes the proxy and all connections.
    package func stop() async {
        close()
        try? await listener.closeFuture.get()
    }

    private func close() {
        task.cancel()
        listener.close(promise: nil)
        traffic.close()
    }

    deinit { close() }
}
