import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import RenditionAWS

/// A real HTTP server on loopback that answers from a closure, for one test.
final class CredentialServer: Sendable {
    typealias Answer = @Sendable (HTTPRequestHead) -> WireResponse

    private let channel: any Channel
    private let transport = HTTPTransport()

    init(_ answer: @escaping Answer) async throws {
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(AnsweringHandler(answer: answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    /// Runs a test's part with the server's URL and a real transport, and stops the server.
    static func with<Result>(
        _ answer: @escaping Answer, _ body: (_ url: String, _ transport: any Transport) async throws -> Result
    ) async throws -> Result {
        let server = try await CredentialServer(answer)
        do {
            let result = try await body(server.url, server.transport)
            await server.stop()
            return result
        } catch {
            await server.stop()
            throw error
        }
    }

    private func stop() async {
        await transport.close()
        try? await channel.close()
    }
}

private final class AnsweringHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answer: CredentialServer.Answer
    private var head: HTTPRequestHead?

    init(answer: @escaping CredentialServer.Answer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            let response = answer(head)
            var headers = response.headers
            headers.replaceOrAdd(name: "content-length", value: "\(response.body.count)")
            let answerHead = HTTPResponseHead(
                version: .http1_1, status: .init(statusCode: response.status), headers: headers)
            context.write(wrapOutboundOut(.head(answerHead)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
