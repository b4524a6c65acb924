import Foundation

/// What pages of one origin may ask of a bucket, and how a bucket's rules say so.
package struct CrossOrigin: Sendable {
    /// Scheme, host and port, as browsers send them.
    let origin: String
    /// Such as `GET`.
    let methods: [String]

    /// What the frontend does with renditions.
    static func reading(from origin: String) -> CrossOrigin { CrossOrigin(origin: origin, methods: ["GET", "HEAD"]) }

    /// What it does with originals, by presigned URLs.
    static func uploading(from origin: String) -> CrossOrigin {
        CrossOrigin(origin: origin, methods: ["PUT", "POST", "GET"])
    }

    /// The origin of a page, which has no path and no default port.
    ///
    /// Source: HTML Living Standard, section 7.1.1, "Origins".
    ///
    /// - Returns: nil for what is no page's address.
    package static func origin(of url: String) -> String? {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(),
            let host = parts.host?.lowercased(), !host.isEmpty
        else { return nil }
        let isDefault = parts.port == nil || parts.port == (scheme == "https" ? 443 : 80)
        return "\(scheme)://\(host)" + (isDefault ? "" : ":\(parts.port ?? 0)")
    }

    /// Whether a bucket's rules allow all of it already. The first rule that fits a request is the one that counts.
    func isAllowed(by rules: [S3.CORSRule]) -> Bool {
        methods.allSatisfy { method in
            rules.contains { rule in
                rule.methods.contains(method) && rule.origins.contains { Self.matches($0, origin) }
            }
        }
    }

    /// The rules and one more behind them, which leaves to the others what they say.
    func added(to rules: [S3.CORSRule]) -> [S3.CORSRule] {
        rules + [S3.CORSRule(origins: [origin], methods: methods)]
    }

    /// A pattern may hold one star.
    private static func matches(_ pattern: String, _ origin: String) -> Bool {
        let parts = pattern.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return pattern == origin }
        return origin.count >= pattern.count - 1 && origin.hasPrefix(parts[0]) && origin.hasSuffix(parts[1])
    }
}
