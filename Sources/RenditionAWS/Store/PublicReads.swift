import NIOHTTP1
import RenditionCore

/// Who may read the buckets without a signature. Renditions are public by policy, and nothing else is.
///
/// It asks as a stranger would instead of reading policies, which are one of several things that decide: what counts is
/// what comes out.
struct PublicReads: Sendable {
    let s3: S3
    let buckets: BucketNames

    /// How many objects of a bucket are tried: rules may go by folder.
    private static let tried = 5

    func findings() async throws -> [Finding] { [try await originals(), try await renditions()] }

    private func originals() async throws -> Finding {
        let subject = "originals, \(buckets.photos)"
        let remedy =
            "Turn on Block Public Access for \(buckets.photos), and take out of its policy and its lists of rights "
            + "whatever allows everybody to read."
        let listing = try await s3.statusForStrangers(.GET, buckets.photos, nil)
        if (200..<300).contains(listing) {
            return Finding(.bad, subject, "anybody may list them", remedy: remedy)
        }
        let keys = try await keys(in: buckets.photos, below: "")
        for key in keys {
            let status = try await s3.statusForStrangers(.HEAD, buckets.photos, key)
            if (200..<300).contains(status) {
                return Finding(.bad, subject, "anybody may read them, such as \(key.printable)", remedy: remedy)
            }
        }
        if keys.isEmpty { return Finding(.unknown, subject, "nobody may list them; there is none to try to read yet") }
        return Finding(.good, subject, "nobody may read them without a signature (\(keys.count) tried)")
    }

    private func renditions() async throws -> Finding {
        let subject = "renditions, \(buckets.renditions)"
        guard let key = try await keys(in: buckets.renditions, below: "renditions/").first else {
            return Finding(.unknown, subject, "there is none to try to read yet")
        }
        let status = try await s3.statusForStrangers(.HEAD, buckets.renditions, key)
        guard (200..<300).contains(status) else {
            return Finding(
                .bad, subject, "browsers may not read them: \(status) for \(key.printable)",
                remedy:
                    "Allow s3:GetObject on \(buckets.renditions)/renditions/* to everybody in the bucket's policy, or "
                    + "to the CDN that stands before it, whose host CDN_DOMAIN names.")
        }
        return Finding(.good, subject, "browsers may read them")
    }

    private func keys(in bucket: String, below prefix: String) async throws -> [String] {
        try await s3.list(bucket, prefix: prefix, limit: Self.tried).keys.map(\.key)
    }
}
