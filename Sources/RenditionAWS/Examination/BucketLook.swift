import RenditionCore

/// Whether a bucket is there, and where it should be.
struct BucketLook: Sendable {
    let s3: S3
    let region: String
    let name: String
    /// The setting that names it.
    let setting: String

    var subject: String { "bucket \(name)" }

    func findings() async throws -> [Finding] {
        func bad(_ text: String, _ remedy: String) -> [Finding] {
            [Finding(.storage, .bad, subject, text, remedy: remedy)]
        }
        switch try await s3.state(of: name) {
        case .there(let actual?) where actual != region:
            return bad("it is in \(actual), and requests go to \(region)", "Set AWS_REGION to \(actual).")
        case .there(let actual):
            return [Finding(.storage, .good, subject, "is there" + (actual.map { ", in \($0)" } ?? ""))]
        case .absent:
            return bad("isn't there", "`renditions setup` makes it; or check \(setting) and the account.")
        case .elsewhere:
            let actual = try? await s3.location(of: name)
            return bad(
                "it is in \(actual ?? "another region"), and requests go to \(region)",
                "Set AWS_REGION to the bucket's, or name another bucket with \(setting).")
        case .forbidden:
            return bad(
                "it is there, and these credentials may not look at it",
                "Allow s3:ListBucket on \(name); or it is somebody else's: check \(setting) and the account.")
        }
    }
}
