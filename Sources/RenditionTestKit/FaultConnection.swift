import NIOCore
import NIOHTTP1

/// One client's connection to a ``FaultProxy``.
struct FaultConnection: Sendable {
    typealias Channels = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>
    private typealias Outbound = NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>

    private let channel: any Channel
    private let traffic: FaultTraffic
    private let number: Int

    init(_ channel: any Channel, _ traffic: FaultTraffic) {
        self.channel = channel
        self.traffic = traffic
        number = traffic.opened(channel)
    }

    /// Makes a channel speak HTTP and nothing more: no header is added or taken.
    static func speakHTTP(on channel: any Channel) throws {
        var framing = HTTPResponseEncoder.Configuration()
        framing.automaticallySetFramingHeaders = false
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(HTTPResponseEncoder(configuration: framing))
        try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
    }

    /// Serves the client's requests until one of the two closes.
    func serve() async {
        defer { traffic.closed(number) }
        guard let connection = try? await opened() else { return }
        try? await connection.executeThenClose { inbound, outbound in
            var request: HTTPExchange.Request?
            for try await part in inbound {
                switch part {
                case .head(let head):
                    request = HTTPExchange.Request(head: head)
                    // The client waits for this before it sends its body.
                    if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
                        try await outbound.write(.head(.init(version: .http1_1, status: .continue)))
                    }
                case .body(var bytes): request?.body.writeBuffer(&bytes)
                case .end:
                    guard let whole = request, try await answer(whole, outbound) else { return }
                    request = nil
                }
            }
        }
    }

    /// Starts reading, or returns nil where the client has gone.
    ///
    /// Only here is the channel wrapped, and not when it is accepted: a wrapped channel that nobody takes out of the
    /// listener's buffer, since the proxy stops, would end the process.
    private func opened() async throws -> Channels? {
        let wrapped = try await channel.eventLoop.submit { () throws -> Channels? in
            // An inactive channel takes no handlers.
            guard channel.isActive else { return nil }
            return try Channels(wrappingChannelSynchronously: channel)
        }.get()
        channel.setOption(.autoRead, value: true).whenFailure { _ in }
        return wrapped
    }

    /// Returns whether the connection stays open.
    private func answer(_ request: HTTPExchange.Request, _ outbound: Outbound) async throws -> Bool {
        guard await pass() else { return false }
        let port = channel.remoteAddress?.port ?? 0
        let action = traffic.judge(FaultProxy.Seen(request, connection: number, port: port))
        switch action {
        case .refuse: return false
        case .answer(let status, let headers, let body):
            var response = HTTPExchange.Response(
                head: .init(version: .http1_1, status: .init(statusCode: status), headers: .init(Array(headers))))
            response.body.writeString(body)
            response.head.headers.replaceOrAdd(name: "content-length", value: String(response.body.readableBytes))
            return try await send(response, to: request, outbound)
        case .delay(let time): try await Task.sleep(for: time)
        case .hold(let open): await open()
        case .pass, .dropReply, .cutBody, .corruptBody: break
        }
        var response = try await traffic.upstream.send(request)
        guard await pass() else { return false }
        switch action {
        case .dropReply: return false
        case .corruptBody:
            let middle = response.body.readerIndex + response.body.readableBytes / 2
            if let byte: UInt8 = response.body.getInteger(at: middle) {
                response.body.setInteger(byte ^ 1, at: middle)
            }
        case .cutBody(let length):
            _ = try await send(response, to: request, cut: length, outbound)
            return false
        default: break
        }
        return try await send(response, to: request, outbound)
    }

    /// Waits out a pause. Where the client has gone meanwhile, what it sent never arrived.
    private func pass() async -> Bool {
        await traffic.valve.pass()
        return channel.isActive
    }

    private func send(
        _ response: HTTPExchange.Response, to request: HTTPExchange.Request, cut: Int? = nil, _ outbound: Outbound
    ) async throws -> Bool {
        var head = response.head
        let hasBody = request.head.method != .HEAD && head.status.mayHaveResponseBody
        // The body's length is known here even where the upstream sent it in chunks.
        head.headers.remove(name: "transfer-encoding")
        if hasBody {
            head.headers.replaceOrAdd(name: "content-length", value: String(response.body.readableBytes))
        }
        try await outbound.write(.head(head))
        if hasBody {
            var whole = response.body
            let length = min(cut ?? .max, whole.readableBytes)
            if length > 0, let body = whole.readSlice(length: length) {
                try await outbound.write(.body(.byteBuffer(body)))
            }
        }
        try await outbound.write(.end(nil))
        return request.head.isKeepAlive && head.isKeepAlive
    }
}
