import Crypto
import Foundation
import NIOHTTP1
import RenditionCore

/// Signs requests with Signature Version 4.
///
/// Source: AWS Identity and Access Management User Guide, "Create a signed AWS API request"; Amazon S3 API Reference,
/// "Authenticating Requests (AWS Signature Version 4)". A value without state; may be used concurrently.
package struct SigV4Signer: Sendable {
    package var region: String
    /// The service's name in the credential scope, such as `s3`.
    package var service: String

    package init(region: String, service: String) {
        self.region = region
        self.service = service
    }

    /// What a signature says of the body.
    package enum Payload: Sendable {
        /// SHA-256 in hexadecimal.
        case hash(String)
        /// `UNSIGNED-PAYLOAD`, which S3 takes over TLS and in presigned URLs.
        case unsigned

        package static let empty = Payload.hash(Checksum.sha256([]))

        var text: String {
            switch self {
            case .hash(let hash): hash
            case .unsigned: "UNSIGNED-PAYLOAD"
            }
        }
    }

    /// Adds `host`, `x-amz-date`, for S3 `x-amz-content-sha256`, the session token, and the `Authorization` header.
    ///
    /// All headers that the request has are signed.
    package func sign(
        _ request: WireRequest, payload: Payload, with credentials: Credentials, at date: Date
    ) -> WireRequest {
        var request = request
        let stamp = Stamp(date)
        request.headers.replaceOrAdd(name: "host", value: request.endpoint.authority)
        request.headers.replaceOrAdd(name: "x-amz-date", value: stamp.moment)
        if service == "s3" { request.headers.replaceOrAdd(name: "x-amz-content-sha256", value: payload.text) }
        if let token = credentials.sessionToken {
            request.headers.replaceOrAdd(name: "x-amz-security-token", value: token)
        }
        let headers = CanonicalHeaders(request.headers)
        let canonical = canonicalRequest(request, query: request.query, headers, payload)
        let signature = signature(of: canonical, stamp, credentials)
        request.headers.replaceOrAdd(
            name: "authorization",
            value: "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope(stamp)), "
                + "SignedHeaders=\(headers.names), Signature=\(signature)")
        return request
    }

    /// A URL that carries its signature, for whoever holds no credentials. Only `host` is signed of the headers.
    ///
    /// - Parameter lifetime: At most seven days.
    package func presign(
        _ request: WireRequest, lifetime: Duration, with credentials: Credentials, at date: Date
    ) -> String {
        var request = request
        let stamp = Stamp(date)
        request.query += [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope(stamp))"),
            ("X-Amz-Date", stamp.moment),
            ("X-Amz-Expires", String(min(max(1, lifetime.components.seconds), 604_800))),
            ("X-Amz-SignedHeaders", "host"),
        ]
        if let token = credentials.sessionToken { request.query.append(("X-Amz-Security-Token", token)) }
        let headers = CanonicalHeaders(["host": request.endpoint.authority])
        let canonical = canonicalRequest(request, query: request.query, headers, .unsigned)
        request.query.append(("X-Amz-Signature", signature(of: canonical, stamp, credentials)))
        return request.url
    }

    // MARK: The four steps

    func canonicalRequest(
        _ request: WireRequest, query: [(name: String, value: String)], _ headers: CanonicalHeaders, _ payload: Payload
    ) -> String {
        let pairs = query.map { (PercentEncoding.strict($0.name), PercentEncoding.strict($0.value)) }
            .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
            .map { "\($0.0)=\($0.1)" }
        return [
            request.method.rawValue, canonicalPath(request.path), pairs.joined(separator: "&"), headers.lines,
            headers.names, payload.text,
        ].joined(separator: "\n")
    }

    /// S3 signs the path as it is sent; the other services resolve dots and double slashes and encode it once more.
    private func canonicalPath(_ path: String) -> String {
        guard service != "s3" else { return path }
        var parts: [String] = []
        for part in PathName.parts(path) where !part.isEmpty && part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(PercentEncoding.path(part)) }
        }
        let normal = "/" + parts.joined(separator: "/")
        return path.hasSuffix("/") && !parts.isEmpty ? normal + "/" : normal
    }

    private func signature(of canonical: String, _ stamp: Stamp, _ credentials: Credentials) -> String {
        let text = ["AWS4-HMAC-SHA256", stamp.moment, scope(stamp), Checksum.sha256(canonical)].joined(separator: "\n")
        var key = Data("AWS4\(credentials.secretAccessKey)".utf8)
        for part in [stamp.day, region, service, "aws4_request"] { key = Self.hmac(part, key) }
        return Checksum.hex(Self.hmac(text, key))
    }

    private func scope(_ stamp: Stamp) -> String { "\(stamp.day)/\(region)/\(service)/aws4_request" }

    private static func hmac(_ text: String, _ key: Data) -> Data {
        Data(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: SymmetricKey(data: key)))
    }
}

/// A moment in the two forms that a signature holds.
private struct Stamp {
    let moment: String
    let day: String

    init(_ date: Date) {
        let style = Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted, timeZone: .gmt)
        moment = date.formatted(style)
        day = String(moment.prefix(8))
    }
}

/// Headers in lower case, sorted, with their values' spaces collapsed.
struct CanonicalHeaders {
    /// Each header in a line of its own, with a trailing newline.
    let lines: String
    let names: String

    init(_ headers: HTTPHeaders) {
        var values: [String: [String]] = [:]
        for (name, value) in headers {
            let words = value.split(whereSeparator: \.isWhitespace)
            values[name.lowercased(), default: []].append(words.joined(separator: " "))
        }
        let sorted = values.sorted { $0.key < $1.key }
        lines = sorted.map { "\($0.key):\($0.value.joined(separator: ","))\n" }.joined()
        names = sorted.map(\.key).joined(separator: ";")
    }
}
