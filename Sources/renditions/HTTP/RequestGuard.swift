import Crypto
import Foundation
import HTTPTypes

/// Decides who may have something done over HTTP.
///
/// With a secret, who knows it: as a bearer token (RFC 6750, section 2.1), or as the key of an HMAC-SHA-256 over the body in
/// `X-Hub-Signature-256: sha256=HEX` (WebSub, section 7.1). Without one, whoever is on this machine, where nobody else can
/// reach the server. Pages of other origins are refused in both cases, since a browser sends for anybody.
struct RequestGuard: Sendable {
    /// nil where none was set.
    let secret: String?
    let address: HTTPAddress

    /// Why a request is refused.
    struct Refusal: Error, Sendable, Hashable {
        var status: HTTPResponse.Status
        var message: String
    }

    static let signature = HTTPField.Name("X-Hub-Signature-256")

    /// - Parameter body: What an HMAC is of; nil where only a token will do.
    /// - Throws: ``Refusal``.
    func check(_ headers: HTTPFields, authority: String?, body: [UInt8]?) throws {
        if let origin = headers[.origin] {
            guard let authority, origin == "http://\(authority)" || origin == "https://\(authority)" else {
                throw Refusal(status: .forbidden, message: "Pages of other origins may not ask for this.")
            }
        }
        guard let secret else { return try checkPlace(authority) }
        if let body, let told = Self.signature.flatMap({ headers[$0] }) {
            guard Self.isSignature(told, of: body, secret) else {
                throw Refusal(
                    status: .unauthorized,
                    message: "The signature is not that of this body with RENDITIONS_HTTP_SECRET as its key.")
            }
            return
        }
        guard let told = headers[.authorization], told.lowercased().hasPrefix("bearer "),
            Self.isSame(told.dropFirst(7).trimmingCharacters(in: .whitespaces), secret)
        else {
            throw Refusal(
                status: .unauthorized,
                message:
                    "Send RENDITIONS_HTTP_SECRET as a bearer token, or sign the body with it in X-Hub-Signature-256.")
        }
    }

    private func checkPlace(_ authority: String?) throws {
        guard address.isLoopback else {
            throw Refusal(
                status: .forbidden,
                message: "This server has no secret, and other machines can reach it. Set RENDITIONS_HTTP_SECRET.")
        }
        guard Self.isLoopback(authority) else {
            throw Refusal(
                status: .forbidden,
                message: "This server has no secret and answers to localhost only. Set RENDITIONS_HTTP_SECRET.")
        }
    }

    /// Whether a request names this machine's own. Another name for it is how a page elsewhere would get here.
    ///
    /// - Parameter authority: The request's host and port.
    static func isLoopback(_ authority: String?) -> Bool {
        let host = authority.flatMap { HTTPAddress($0)?.host ?? ($0.contains(":") ? nil : $0) }
        return host.map { HTTPAddress("\($0.contains(":") ? "[\($0)]" : $0):1")?.isLoopback == true } == true
    }

    private static func isSignature(_ told: String, of body: [UInt8], _ secret: String) -> Bool {
        guard told.hasPrefix("sha256="), let code = bytes(told.dropFirst(7)) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(
            code, authenticating: body, using: SymmetricKey(data: Array(secret.utf8)))
    }

    private static func bytes(_ hex: Substring) -> [UInt8]? {
        guard hex.utf8.count == 64, hex.allSatisfy(\.isHexDigit) else { return nil }
        return stride(from: 0, to: 64, by: 2).compactMap { offset in
            UInt8(hex.dropFirst(offset).prefix(2), radix: 16)
        }
    }

    /// Takes as long whatever is equal: digests are compared in constant time.
    private static func isSame(_ told: String, _ secret: String) -> Bool {
        SHA256.hash(data: Array(told.utf8)) == SHA256.hash(data: Array(secret.utf8))
    }
}
