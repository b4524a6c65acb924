import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import RenditionCore

/// Sends requests and returns whole responses. May be used concurrently.
package protocol Transport: Sendable {
    /// - Parameters:
    ///   - limit: The most bytes of a successful response's body; a longer one is not read.
    ///   - deadline: How long it may take from beginning to end.
    /// - Throws: ``TransportError``; `CancellationError`.
    func send(_ request: WireRequest, limit: Int, deadline: Duration) async throws -> WireResponse
}

/// Why there is no whole response.
package enum TransportError: Error, Sendable, Hashable {
    /// No connection came about; the server has not seen the request.
    case unreachable(String)
    /// Nothing came in time; the server may have carried the request out.
    case timedOut(String)
    /// The connection ended early, or spoke no HTTP; the server may have carried the request out.
    case broken(String)
    /// The body is longer than the limit.
    case tooLong(bytes: Int)
    /// A file to be sent could not be read, or was cut while it was sent.
    case unreadable(String)
}

/// HTTP/1.1 over AsyncHTTPClient, with connections kept for reuse.
package final class HTTPTransport: Transport {
    private let client: HTTPClient

    /// - Parameters:
    ///   - connectTimeout: How long a connection may take to come about.
    ///   - readTimeout: How long a server may be silent.
    ///   - certificates: A PEM file of the authorities to trust in place of the system's.
    package init(
        connectTimeout: Duration = .seconds(3), readTimeout: Duration = .seconds(20), certificates: String? = nil
    ) {
        var configuration = HTTPClient.Configuration()
        configuration.httpVersion = .http1Only
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .disabled
        // Whoever sends knows what a request is for, and traces that.
        configuration.tracing.tracer = nil
        configuration.timeout = .init(connect: .init(connectTimeout), read: .init(readTimeout))
        configuration.connectionPool.idleTimeout = .seconds(20)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        // Retrying is the client's: here it would hide that a server can't be reached until the deadline.
        configuration.connectionPool.retryConnectionEstablishment = false
        if let certificates {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(certificates)
            configuration.tlsConfiguration = tls
        }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Closes all connections.
    package func close() async { try? await client.shutdown() }

    deinit {
        // The client insists on being shut down, also where a failure kept its owner from closing it.
        Task { [client] in try? await client.shutdown() }
    }

    package func send(_ request: WireRequest, limit: Int, deadline: Duration) async throws -> WireResponse {
        var outgoing = HTTPClientRequest(url: request.url)
        outgoing.method = request.method
        outgoing.headers = request.headers
        outgoing.body = Self.body(request)
        do {
            let response = try await client.execute(outgoing, deadline: .now() + .init(deadline))
            var body: [UInt8] = []
            let expected = response.headers.first(name: "content-length").flatMap(Int.init)
            let isSuccess = (200..<300).contains(Int(response.status.code))
            // What a failed request says is short, and worth reading whatever the limit is.
            let limit = isSuccess ? limit : max(limit, 1 << 20)
            if request.method != .HEAD {
                if let expected, expected > limit { throw TransportError.tooLong(bytes: expected) }
                body.reserveCapacity(min(expected ?? 0, limit))
                for try await buffer in response.body {
                    guard body.count + buffer.readableBytes <= limit else {
                        throw TransportError.tooLong(bytes: body.count + buffer.readableBytes)
                    }
                    body.append(contentsOf: buffer.readableBytesView)
                }
                if let expected, body.count != expected {
                    throw TransportError.broken("\(body.count) of \(expected) bytes came")
                }
            }
            return WireResponse(status: Int(response.status.code), headers: response.headers, body: body)
        } catch {
            throw Self.translate(error, request.endpoint)
        }
    }

    private static func body(_ request: WireRequest) -> HTTPClientRequest.Body? {
        switch request.body {
        case .bytes(let bytes):
            return bytes.isEmpty ? nil : .bytes(ByteBuffer(bytes: bytes))
        case .file(let path, let offset, let length):
            return .stream(FileSlice(path: path, offset: offset, length: length), length: .known(Int64(length)))
        }
    }

    private static func translate(_ error: any Error, _ endpoint: Endpoint) -> any Error {
        let place = endpoint.authority
        switch error {
        case is CancellationError, is TransportError: return error
        case let error as HTTPClientError: return translate(error, place)
        case let error as NIOConnectionError:
            let cause = error.connectionErrors.first.map { "\($0.error)" } ?? "\(error)"
            return TransportError.unreachable("\(place): \(cause)")
        case let error as NIOSSLError: return TransportError.unreachable("\(place): TLS failed: \(error)")
        case let error as IOError where error.errnoCode == ECONNREFUSED:
            return TransportError.unreachable("\(place): connection refused")
        default: return TransportError.broken("\(place): \(error)")
        }
    }

    private static func translate(_ error: HTTPClientError, _ place: String) -> any Error {
        switch error {
        case .cancelled: CancellationError()
        case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout:
            TransportError.unreachable("\(place) did not accept a connection in time")
        case .readTimeout, .writeTimeout, .deadlineExceeded:
            TransportError.timedOut("\(place) did not answer in time")
        // Its long form quotes headers that can't be sent, and a token with them.
        default: TransportError.broken("\(place): \(error.shortDescription)")
        }
    }
}
