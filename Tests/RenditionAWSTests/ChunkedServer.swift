import NIOCore
import NIOHTTP1
import NIOPosix

/// Answers every request with a body of unsaid length.
enum ChunkedServer {
    static func start(chunks: Int, of size: Int) async throws -> (url: String, stop: @Sendable () async -> Void) {
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(chunks, size))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return ("http://127.0.0.1:\(channel.localAddress?.port ?? 0)", { try? await channel.close() })
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let chunks: Int
        private let size: Int

        init(_ chunks: Int, _ size: Int) {
            self.chunks = chunks
            self.size = size
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .end = unwrapInboundIn(data) else { return }
            let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["transfer-encoding": "chunked"])
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            for _ in 0..<chunks {
                let chunk = ByteBuffer(repeating: 7, count: size)
                context.write(wrapOutboundOut(.body(.byteBuffer(chunk))), promise: nil)
            }
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
