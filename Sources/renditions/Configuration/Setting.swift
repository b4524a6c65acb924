import Foundation

/// One setting: its name, what values it takes, and what it is when nobody says.
struct Setting: Sendable {
    enum Kind: Sendable {
        /// A whole number inside a range, in a unit.
        case integer(ClosedRange<Int>, unit: String)
        case text
        case choice([String])
    }

    /// The name in the environment.
    let name: String
    let kind: Kind
    /// The default as one would write it; empty where there is none.
    let fallback: String
    /// What it does, in a line.
    let summary: String

    /// Every setting there is. The README's table is this list.
    static let all: [Setting] = [
        store, publicEndpoint, photosBucket, renditionsBucket, cdnDomain, threads, memory, lease, grace, attempts,
        retry, pixels, bytes, seconds, logLevel,
    ]

    static let store = Setting(
        name: "RENDITIONS_STORE", kind: .text, fallback: "",
        summary: "`local:DIR` or `aws`, as `--store`. Unset: `aws` where `DYNAMODB_TABLE_PHOTOS` or "
            + "`AWS_ENDPOINT_URL` is set, else `local:./galerly-data`")
    static let publicEndpoint = Setting(
        name: "RENDITIONS_PUBLIC_ENDPOINT", kind: .text, fallback: "http://localhost:5173",
        summary: "The object store's address as a browser reaches it; part of every URL in a record")
    static let photosBucket = Setting(
        name: "S3_PHOTOS_BUCKET", kind: .text, fallback: "galerly-photos-local", summary: "The bucket of originals")
    static let renditionsBucket = Setting(
        name: "S3_RENDITIONS_BUCKET", kind: .text, fallback: "galerly-renditions-local",
        summary: "The bucket of renditions")
    static let cdnDomain = Setting(
        name: "CDN_DOMAIN", kind: .text, fallback: "",
        summary: "The host of URLs where a CDN stands before the buckets; takes the public endpoint's place")
    static let threads = Setting(
        name: "RENDITIONS_THREADS", kind: .integer(1...1024, unit: "photos"),
        fallback: String(ProcessInfo.processInfo.activeProcessorCount),
        summary: "Photos rendered at once; by default the machine's cores")
    static let memory = Setting(
        name: "RENDITIONS_MEMORY_MB", kind: .integer(64...1_048_576, unit: "MiB"), fallback: "512",
        summary: "Decoded pixels that photos in hand may be expected to take; bounds how many are in hand")
    static let lease = Setting(
        name: "RENDITIONS_LEASE_SECONDS", kind: .integer(3...3600, unit: "s"), fallback: "30",
        summary: "How long a silent worker keeps a photo; renewed after a third of it, given up after four fifths")
    static let grace = Setting(
        name: "RENDITIONS_GRACE_SECONDS", kind: .integer(0...3600, unit: "s"), fallback: "20",
        summary: "How long photos in hand may take to finish after SIGTERM or SIGINT")
    static let attempts = Setting(
        name: "RENDITIONS_MAX_ATTEMPTS", kind: .integer(1...100, unit: "claims"), fallback: "5",
        summary: "The claim whose failure is the last")
    static let retry = Setting(
        name: "RENDITIONS_RETRY_MS", kind: .integer(1...900_000, unit: "ms"), fallback: "2000",
        summary: "The wait before the second attempt; it doubles with each further one, up to 900 s, ± 50 %")
    static let pixels = Setting(
        name: "RENDITIONS_MAX_MEGAPIXELS", kind: .integer(1...10_000, unit: "megapixels"), fallback: "300",
        summary: "The largest original, by its header")
    static let bytes = Setting(
        name: "RENDITIONS_MAX_MEGABYTES", kind: .integer(1...100_000, unit: "MB"), fallback: "500",
        summary: "The largest original, by its file")
    static let seconds = Setting(
        name: "RENDITIONS_RENDER_SECONDS", kind: .integer(1...3600, unit: "s"), fallback: "60",
        summary: "The longest that one photo may render")
    static let logLevel = Setting(
        name: "RENDITIONS_LOG_LEVEL", kind: .choice(["debug", "info", "notice", "warning", "error"]), fallback: "info",
        summary: "The least urgent log lines that are written, to standard error")
}

/// A setting with a value that it can't have.
struct SettingError: Error, CustomStringConvertible {
    let description: String

    /// - Parameter source: Where the value stands, such as `the environment`.
    init(_ setting: Setting, value: String, source: String) {
        let range =
            switch setting.kind {
            case .integer(let range, let unit):
                "a whole number from \(range.lowerBound) to \(range.upperBound) (\(unit))"
            case .choice(let choices): "one of \(choices.joined(separator: ", "))"
            case .text: "a text"
            }
        description = "\(setting.name) is \"\(value)\" in \(source); it must be \(range)."
    }
}
