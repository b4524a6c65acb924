import NIOHTTP1
import RenditionCore

/// Whether a browser lets the frontend's pages do with a bucket what they do.
///
/// It asks as a browser does and judges by the answer's headers, as a browser does; the rules behind them are told where
/// the credentials may see them.
///
/// Source: Fetch Living Standard, sections 3.2.2, "HTTP requests", and 4.8, "CORS-preflight fetch".
struct CrossOriginLook: Sendable {
    let s3: S3
    let bucket: String
    let pages: CrossOrigin
    /// What it is to pages that nothing is allowed.
    let verdict: Finding.Verdict

    /// A key under which nothing lies: browsers ask before they know.
    private static let key = "renditions/.doctor/probe"

    var subject: String { "CORS of \(bucket)" }

    func findings() async throws -> [Finding] {
        var refused: [String] = []
        for method in pages.methods where try await !allows(method) { refused.append(method) }
        let known = await rules()
        guard refused.isEmpty else {
            return [
                Finding(
                    .browsers, verdict, subject,
                    "pages of \(pages.origin) may not \(refused.joined(separator: ", "))\(known)",
                    remedy: "`renditions setup` adds a rule for FRONTEND_URL, which is \(pages.origin) (in production "
                        + "with --platform).")
            ]
        }
        return [
            Finding(
                .browsers, .good, subject,
                "pages of \(pages.origin) may \(pages.methods.joined(separator: ", "))\(known)")
        ]
    }

    private func allows(_ method: String) async throws -> Bool {
        let preflight = try await s3.answerToStrangers(
            .OPTIONS, bucket, Self.key, headers: ["origin": pages.origin, "access-control-request-method": method])
        guard preflight.isSuccess, shares(preflight) else { return false }
        let allowed = (preflight["access-control-allow-methods"] ?? "").split(separator: ",").map {
            $0.trimmingPrefix(while: \.isWhitespace)
        }
        // GET, HEAD and POST need not be named.
        guard allowed.contains("*") || allowed.contains(method[...]) || ["GET", "HEAD", "POST"].contains(method) else {
            return false
        }
        // What is read must say so once more.
        guard method == "GET" else { return true }
        return shares(try await s3.answerToStrangers(.GET, bucket, Self.key, headers: ["origin": pages.origin]))
    }

    private func shares(_ answer: WireResponse) -> Bool {
        ["*", pages.origin].contains(answer["access-control-allow-origin"])
    }

    private func rules() async -> String {
        guard let rules = try? await s3.corsRules(of: bucket) else { return "" }
        let fitting = rules.count { CrossOrigin(origin: pages.origin, methods: ["GET"]).isAllowed(by: [$0]) }
        return rules.isEmpty
            ? "; the bucket has no rules" : "; \(fitting) of the bucket's \(rules.count) rules speak of that origin"
    }
}
