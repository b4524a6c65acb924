import NIOCore
import NIOHTTP1
import NIOPosix

/// One request and its answer over a connection of their own, unchanged on the way.
struct HTTPExchange: Sendable {
    struct Request: Sendable {
        var head: HTTPRequestHead
        var body = ByteBuffer()
    }

    struct Response: Sendable {
        var head: HTTPResponseHead
        var body = ByteBuffer()
    }

    let host: String
    let port: Int

    /// - Parameter endpoint: `host:port`, with or without `http://` before it.
    init(_ endpoint: String) throws {
        let authority = endpoint.hasPrefix("http://") ? endpoint.dropFirst(7) : endpoint[...]
        let parts = authority.split(separator: ":")
        guard parts.count == 2, let port = Int(parts[1]) else { throw ServerFault("\(endpoint) is no host and port") }
        host = String(parts[0])
        self.port = port
    }

    /// Sends a request and returns the whole answer.
    func send(_ request: Request) async throws -> Response {
        let connection = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    // Neither adds nor takes headers, which may be signed.
                    var framing = HTTPRequestEncoder.Configuration()
                    framing.automaticallySetFramingHeaders = false
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(HTTPRequestEncoder(configuration: framing))
                    try pipeline.addHandler(
                        ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes)))
                    return try NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>(
                        wrappingChannelSynchronously: channel)
                }
            }
        return try await connection.executeThenClose { inbound, outbound in
            do {
                try await outbound.write(.head(request.head))
                if request.body.readableBytes > 0 { try await outbound.write(.body(.byteBuffer(request.body))) }
                try await outbound.write(.end(nil))
            } catch {
                // A server may answer and close before it has read everything; then its answer is what counts.
            }
            return try await Self.response(inbound)
        }
    }

    private static func response(_ parts: NIOAsyncChannelInboundStream<HTTPClientResponsePart>) async throws -> Response
    {
        var response: Response?
        for try await part in parts {
            switch part {
            case .head(let head): response = Response(head: head)
            case .body(var bytes): response?.body.writeBuffer(&bytes)
            case .end: if let response { return response }
            }
        }
        throw ServerFault("the connection ended before the answer did")
    }
}
