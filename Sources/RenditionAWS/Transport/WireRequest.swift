import Foundation
import NIOHTTP1
import RenditionCore

/// Where a service listens.
package struct Endpoint: Sendable, Hashable {
    package enum Scheme: String, Sendable {
        case http, https
    }

    package var scheme: Scheme
    package var host: String
    /// nil for the scheme's own.
    package var port: Int?

    package init(scheme: Scheme = .https, host: String, port: Int? = nil) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// Reads `http://localhost:4566`; a path, a query or a user in it makes it no endpoint.
    package init?(_ text: String) {
        guard let split = text.range(of: "://"), let scheme = Scheme(rawValue: text[..<split.lowerBound].lowercased())
        else { return nil }
        var rest = text[split.upperBound...]
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard !rest.isEmpty, !rest.contains(where: { "/?#@ ".contains($0) }) else { return nil }
        self.scheme = scheme
        // An IPv6 address stands in brackets, so that its colons are no port's.
        let tail = rest.lastIndex(of: "]").map { rest[$0...] } ?? rest
        if let colon = tail.lastIndex(of: ":") {
            guard let port = Int(rest[rest.index(after: colon)...]), (1...65535).contains(port) else { return nil }
            self.host = String(rest[..<colon])
            self.port = port
        } else {
            host = String(rest)
        }
        if host.isEmpty { return nil }
    }

    /// Host and port as the `Host` header has them (RFC 9110, section 7.2).
    package var authority: String { port.map { "\(host):\($0)" } ?? host }

    package var text: String { "\(scheme.rawValue)://\(authority)" }
}

/// An HTTP request before it is signed.
package struct WireRequest: Sendable {
    package var method: HTTPMethod
    package var endpoint: Endpoint
    /// Percent-encoded, with a leading slash.
    package var path: String
    /// Names and values as they are, in the order in which they are sent.
    package var query: [(name: String, value: String)]
    package var headers: HTTPHeaders
    package var body: WireBody

    package init(
        _ method: HTTPMethod, _ endpoint: Endpoint, path: String = "/", query: [(name: String, value: String)] = [],
        headers: HTTPHeaders = [:], body: WireBody = .bytes([])
    ) {
        self.method = method
        self.endpoint = endpoint
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// The query as it is sent: names and values percent-encoded.
    package var encodedQuery: String {
        query.map { "\(PercentEncoding.strict($0.name))=\(PercentEncoding.strict($0.value))" }.joined(separator: "&")
    }

    package var url: String { endpoint.text + path + (query.isEmpty ? "" : "?\(encodedQuery)") }
}

/// What a request carries.
package enum WireBody: Sendable {
    case bytes([UInt8])
    /// A part of a local file, read as it is sent.
    case file(path: String, offset: Int, length: Int)

    package var length: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .file(_, _, let length): length
        }
    }
}

/// A whole HTTP response.
package struct WireResponse: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: [UInt8]

    package init(status: Int, headers: HTTPHeaders, body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package var isSuccess: Bool { (200..<300).contains(status) }

    package subscript(header: String) -> String? { headers.first(name: header) }
}

/// RFC 3986's percent-encoding.
package enum PercentEncoding {
    /// Everything but the unreserved characters.
    package static func strict(_ text: String) -> String {
        PublicURLs.encoded(text).replacing("/", with: "%2F")
    }

    /// Everything but the unreserved characters and the slash.
    package static func path(_ text: String) -> String { PublicURLs.encoded(text) }
}
