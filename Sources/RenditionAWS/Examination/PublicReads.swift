import Foundation
import NIOHTTP1
import RenditionCore

/// Who may read the buckets without a signature. Renditions are public by policy, and nothing else is.
///
/// It asks as a stranger would instead of reading policies, which are one of several things that decide: what counts is
/// what comes out.
struct PublicReads: Sendable {
    let s3: S3
    let buckets: BucketNames
    /// The host of the CDN that stands before the renditions; nil where browsers go to the bucket.
    let cdn: String?

    /// How many objects of a bucket are tried: rules may go by folder.
    private static let tried = 5

    var originalsSubject: String { "originals, \(buckets.photos)" }
    var renditionsSubject: String { "renditions, \(buckets.renditions)" }

    func originals() async throws -> Finding {
        let subject = originalsSubject
        let remedy =
            "Turn on Block Public Access for \(buckets.photos), which `renditions setup` does too (in production with "
            + "--platform), and take out of its policy and its lists of rights whatever allows everybody to read."
        let listing = try await s3.statusForStrangers(.GET, buckets.photos, nil)
        if (200..<300).contains(listing) {
            return Finding(.browsers, .bad, subject, "anybody may list them", remedy: remedy)
        }
        let keys = try await keys(in: buckets.photos, below: "")
        for key in keys {
            let status = try await s3.statusForStrangers(.HEAD, buckets.photos, key)
            if (200..<300).contains(status) {
                return Finding(
                    .browsers, .bad, subject, "anybody may read them, such as \(key.printable)", remedy: remedy)
            }
        }
        if keys.isEmpty {
            return Finding(.browsers, .unknown, subject, "nobody may list them; there is none to try to read yet")
        }
        return Finding(.browsers, .good, subject, "nobody may read them without a signature (\(keys.count) tried)")
    }

    func renditions() async throws -> Finding {
        let subject = renditionsSubject
        guard let key = try await keys(in: buckets.renditions, below: "renditions/").first else {
            return Finding(.browsers, .unknown, subject, "there is none to try to read yet")
        }
        if let cdn { return await throughCDN(cdn, key) }
        let status = try await s3.statusForStrangers(.HEAD, buckets.renditions, key)
        guard (200..<300).contains(status) else {
            return Finding(
                .browsers, .bad, subject, "browsers may not read them: \(status) for \(key.printable)",
                remedy:
                    "Allow s3:GetObject on \(buckets.renditions)/renditions/* to everybody in the bucket's policy, which "
                    + "`renditions setup` does too (in production with --platform), or to the CDN that stands before it, "
                    + "whose host CDN_DOMAIN names.")
        }
        return Finding(.browsers, .good, subject, "browsers may read them")
    }

    private func throughCDN(_ cdn: String, _ key: String) async -> Finding {
        let subject = "renditions, https://\(cdn)"
        let remedy = "Is CDN_DOMAIN the CDN's host, and may the CDN read \(buckets.renditions)/renditions/*?"
        guard let endpoint = Endpoint("https://\(cdn)") else {
            return Finding(.browsers, .bad, subject, "CDN_DOMAIN is no host", remedy: "Set it to a host's name.")
        }
        let request = WireRequest(.HEAD, endpoint, path: "/\(PercentEncoding.path(key))")
        do {
            let status = try await s3.client.context.transport.send(request, limit: 1 << 20, deadline: .seconds(10))
                .status
            guard (200..<300).contains(status) else {
                return Finding(
                    .browsers, .bad, subject, "browsers may not read them: \(status) for \(key.printable)",
                    remedy: remedy)
            }
            return Finding(.browsers, .good, subject, "browsers may read them")
        } catch {
            return Finding(.browsers, .bad, subject, "can't be reached: \(error)", remedy: remedy)
        }
    }

    private func keys(in bucket: String, below prefix: String) async throws -> [String] {
        try await s3.list(bucket, prefix: prefix, limit: Self.tried).keys.map(\.key)
    }
}
