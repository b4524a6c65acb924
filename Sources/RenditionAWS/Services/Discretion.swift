import Foundation
import NIOHTTP1

/// Keeps what a service quotes of a request out of messages: some quote the whole of what they signed themselves, the
/// session token included.
struct Discretion: Sendable {
    private let secrets: [String]

    init(_ signed: WireRequest, _ credentials: Credentials) {
        let authorization = signed.headers.first(name: "authorization")
        let signature = authorization?.components(separatedBy: "Signature=").last
        secrets = [credentials.secretAccessKey, credentials.sessionToken, signature].compactMap { $0 }
            .filter { !$0.isEmpty }
    }

    /// A message's first line, without the secrets in it. What is quoted stands in the lines behind.
    func told(_ message: String) -> String {
        let line = message.prefix { !$0.isNewline }
        return secrets.reduce(String(line)) { $0.replacing($1, with: "…") }
    }
}
