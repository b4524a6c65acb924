import Foundation
import RenditionAWS
import RenditionCore

/// The table of settings: their names, values, units, defaults and ranges stand here and nowhere else.
extension Setting {
    /// Every setting there is. The README's table is this list.
    static let all: [Setting] = [
        config, store, feed, publicEndpoint, deployment, awsEndpoint, addressing, awsRegion, awsProfile, awsAccessKeyID,
        awsSecretAccessKey, awsSessionToken, photosTable, galleriesTable, usersTable, jobsTable, photosBucket,
        renditionsBucket, cdnDomain, frontend, fromEmail, mailAfter, threads, memory, lease, grace, attempts, retry,
        pixels, bytes, frames,
        jpegScans, nesting, packedMetadata, seconds, renderMemory, renderPhotos, sharpening, gamut, metadata, gainMap,
        furtherFormats, scans, http, httpSecret, logLevel, logFormat, traces, runs, priceS3Put, priceS3Get, priceWrite,
        priceRead, priceCPU, priceTransfer,
    ]

    static let config = Setting(
        name: "RENDITIONS_CONFIG", kind: .text, fallback: "",
        uptake: .live,
        summary: "The YAML or JSON file of settings. Unset: `renditions.yaml`, `renditions.yml` or `renditions.json` "
            + "in the working directory, the first that is there",
        flag: "--config")
    static let store = Setting(
        name: "RENDITIONS_STORE", kind: .store, fallback: "",
        uptake: .start,
        summary: "The store. Unset: `aws` where `DYNAMODB_TABLE_PHOTOS` or `AWS_ENDPOINT_URL` is set, "
            + "else `local:./galerly-data`",
        flag: "--store")
    static let feed = Setting(
        name: "RENDITIONS_FEED", kind: .choice(FeedKind.allCases.map(\.rawValue)), fallback: "poll",
        uptake: .start, summary: "How new records are found: by asking an index, by DynamoDB Streams too, or not at all"
    )
    static let publicEndpoint = Setting(
        name: "RENDITIONS_PUBLIC_ENDPOINT", kind: .url, fallback: "",
        uptake: .live,
        summary: "The object store's address as a browser reaches it; part of every URL in a record. Unset: "
            + "`http://localhost:5173` with an embedded store; with `AWS_ENDPOINT_URL` that endpoint, or "
            + "`http://localhost` and its port where its host is a container's name; else the region's own S3")

    static let deployment = Setting(
        name: "ENVIRONMENT", kind: .choice(Settings.Deployment.allCases.map(\.rawValue)), fallback: "local",
        uptake: .none, summary: "Which of the platform's deployments this is")
    static let awsEndpoint = Setting(
        name: "AWS_ENDPOINT_URL", kind: .url, fallback: "",
        uptake: .start, summary: "Where S3 and DynamoDB are reached instead of at AWS")
    static let addressing = Setting(
        name: "RENDITIONS_S3_ADDRESSING", kind: .choice(["auto"] + S3.Addressing.allCases.map(\.rawValue)),
        fallback: "auto",
        uptake: .start,
        summary: "Whether a bucket stands in a URL's path or in its host; `auto`: path where `AWS_ENDPOINT_URL` is set")
    static let awsRegion = Setting(
        name: "AWS_REGION", kind: .text, fallback: "", uptake: .start, summary: "The region of AWS")
    static let awsProfile = Setting(
        name: "AWS_PROFILE", kind: .text, fallback: "", uptake: .start, summary: "The profile in AWS's own files")
    static let awsAccessKeyID = Setting(
        name: "AWS_ACCESS_KEY_ID", kind: .text, fallback: "", uptake: .start, summary: "The access key")
    static let awsSecretAccessKey = Setting(
        name: "AWS_SECRET_ACCESS_KEY", kind: .secret, fallback: "", uptake: .start, summary: "The access key's secret")
    static let awsSessionToken = Setting(
        name: "AWS_SESSION_TOKEN", kind: .secret, fallback: "", uptake: .start,
        summary: "The session token of temporary credentials")

    static let photosTable = Setting(
        name: "DYNAMODB_TABLE_PHOTOS", kind: .text, fallback: "galerly-photos-local", uptake: .start,
        summary: "The table of photos")
    static let galleriesTable = Setting(
        name: "DYNAMODB_TABLE_GALLERIES", kind: .text, fallback: "galerly-galleries-local",
        uptake: .start, summary: "The table of galleries")
    static let usersTable = Setting(
        name: "DYNAMODB_TABLE_USERS", kind: .text, fallback: "galerly-users-local", uptake: .start,
        summary: "The table of users")
    static let jobsTable = Setting(
        name: "DYNAMODB_TABLE_RENDITION_JOBS", kind: .text, fallback: "galerly-rendition-jobs-local",
        uptake: .start, summary: "The table of jobs, this worker's queue")
    static let photosBucket = Setting(
        name: "S3_PHOTOS_BUCKET", kind: .text, fallback: "galerly-photos-local", uptake: .start,
        summary: "The bucket of originals")
    static let renditionsBucket = Setting(
        name: "S3_RENDITIONS_BUCKET", kind: .text, fallback: "galerly-renditions-local",
        uptake: .start, summary: "The bucket of renditions")
    static let cdnDomain = Setting(
        name: "CDN_DOMAIN", kind: .text, fallback: "",
        uptake: .live,
        summary: "The host of URLs where a CDN stands before the buckets; takes the public endpoint's place")

    static let frontend = Setting(
        name: "FRONTEND_URL", kind: .url, fallback: "http://localhost:5173",
        uptake: .start,
        summary: "The address of the pages that show galleries; `setup` lets them read the buckets, `doctor` looks "
            + "whether they may, and mails lead there; where `ENVIRONMENT` isn't `local`, only if it is set")
    static let fromEmail = Setting(
        name: "FROM_EMAIL", kind: .mail, fallback: "", uptake: .start,
        summary: "Whom photographers' mails come from, through SES. Unset: none are sent")
    static let mailAfter = Setting(
        name: "RENDITIONS_MAIL_AFTER", kind: .integer(1...3600, unit: "s"), fallback: "60", uptake: .start,
        summary: "How long a gallery has to be silent until its upload counts as over and the mail is sent")

    static let threads = Setting(
        name: "RENDITIONS_THREADS", kind: .integer(1...1024, unit: "photos"),
        fallback: String(ProcessInfo.processInfo.activeProcessorCount),
        uptake: .start, summary: "Photos rendered at once; by default the machine's cores",
        flag: "--threads")
    static let memory = Setting(
        name: "RENDITIONS_MEMORY_MB", kind: .integer(64...1_048_576, unit: "MiB"), fallback: "512",
        uptake: .start,
        summary: "Decoded pixels that photos in hand may be expected to take; bounds how many are in hand")
    static let lease = Setting(
        name: "RENDITIONS_LEASE_SECONDS", kind: .integer(3...3600, unit: "s"), fallback: "30",
        uptake: .start,
        summary: "How long a silent worker keeps a photo; renewed after a third of it, given up after four fifths")
    static let grace = Setting(
        name: "RENDITIONS_GRACE_SECONDS", kind: .integer(0...3600, unit: "s"), fallback: "20",
        uptake: .live, summary: "How long photos in hand may take to finish after SIGTERM or SIGINT")
    static let attempts = Setting(
        name: "RENDITIONS_MAX_ATTEMPTS", kind: .integer(1...100, unit: "claims"), fallback: "5",
        uptake: .live, summary: "The claim whose failure is the last")
    static let retry = Setting(
        name: "RENDITIONS_RETRY_MS", kind: .integer(1...900_000, unit: "ms"), fallback: "2000",
        uptake: .live,
        summary: "The wait before the second attempt; it doubles with each further one, up to 900 s, ± 50 %")
    static let pixels = Setting(
        name: "RENDITIONS_MAX_MEGAPIXELS", kind: .integer(1...10_000, unit: "megapixels"), fallback: "300",
        uptake: .live, summary: "The largest original, by its header")
    static let bytes = Setting(
        name: "RENDITIONS_MAX_MEGABYTES", kind: .integer(1...100_000, unit: "MB"), fallback: "500",
        uptake: .live, summary: "The largest original, by its file")
    static let frames = Setting(
        name: "RENDITIONS_MAX_FRAMES", kind: .integer(1...1_000_000, unit: "frames"), fallback: "10000",
        uptake: .live,
        summary: "The most frames, pages or tiles that an original may declare; the first frame or page is rendered")
    static let jpegScans = Setting(
        name: "RENDITIONS_MAX_SCANS", kind: .integer(1...10_000, unit: "scans"), fallback: "100",
        uptake: .live, summary: "The most passes in which a progressive JPEG may be drawn")
    static let nesting = Setting(
        name: "RENDITIONS_MAX_NESTING", kind: .integer(8...10_000, unit: "levels"), fallback: "100",
        uptake: .live, summary: "How deep boxes, directories and elements may stand in each other")
    static let packedMetadata = Setting(
        name: "RENDITIONS_MAX_METADATA_MB", kind: .integer(1...10_000, unit: "MB"), fallback: "64",
        uptake: .live, summary: "What packed texts and profiles of an original may unpack to")
    static let seconds = Setting(
        name: "RENDITIONS_RENDER_SECONDS", kind: .integer(1...3600, unit: "s"), fallback: "60",
        uptake: .live, summary: "The longest that one photo may render")
    static let renderMemory = Setting(
        name: "RENDITIONS_RENDER_MEMORY_MB", kind: .integer(512...1_048_576, unit: "MiB"), fallback: "4096",
        uptake: .start, summary: "The address space of a render process, libraries included")
    static let renderPhotos = Setting(
        name: "RENDITIONS_RENDER_PHOTOS", kind: .integer(1...1_000_000, unit: "photos"), fallback: "500",
        uptake: .start, summary: "The photos after which a render process is replaced")
    static let sharpening = Setting(
        name: "RENDITIONS_SHARPENING", kind: .choice(Sharpening.allCases.map(\.rawValue)),
        fallback: Sharpening.off.rawValue,
        uptake: .live, summary: "How much renditions are sharpened after they were reduced")
    static let gamut = Setting(
        name: "RENDITIONS_GAMUT", kind: .choice(OutputGamut.allCases.map(\.rawValue)),
        fallback: OutputGamut.srgb.rawValue,
        uptake: .live,
        summary: "The renditions' colour space: sRGB, or Display P3 for originals with colours beyond sRGB")
    static let metadata = Setting(
        name: "RENDITIONS_METADATA", kind: .choice(MetadataPolicy.allCases.map(\.rawValue)),
        fallback: MetadataPolicy.public.rawValue,
        uptake: .live,
        summary: "What of an original's metadata its renditions carry: whose it is, all of it, or nothing")
    static let gainMap = Setting(
        name: "RENDITIONS_GAIN_MAP", kind: .choice(GainMapChoice.allCases.map(\.rawValue)),
        fallback: GainMapChoice.keep.rawValue,
        uptake: .live,
        summary: "Whether the JPEGs of medium and large keep the gain map by which phones' photos shine on HDR screens")
    static let furtherFormats = Setting(
        name: "RENDITIONS_FURTHER_FORMATS", kind: .formats, fallback: "",
        uptake: .live, summary: "Formats beside the JPEG, for every size or the one named before it")
    static let scans = Setting(
        name: "RENDITIONS_JPEG_SCANS", kind: .choice(JPEGScans.allCases.map(\.rawValue)),
        fallback: JPEGScans.lean.rawValue,
        uptake: .live, summary: "The scans of JPEGs: six that are quick to encode, or libjpeg's ten")
    static let http = Setting(
        name: "RENDITIONS_HTTP", kind: .address, fallback: "",
        uptake: .start, summary: "Where a worker serves its status page, metrics and upload hook. Unset: nowhere",
        flag: "--http")
    static let httpSecret = Setting(
        name: "RENDITIONS_HTTP_SECRET", kind: .secret, fallback: "",
        uptake: .start,
        summary:
            "What hooks and retries over HTTP must know, as a bearer token or as the key of an HMAC. Unset: they are "
            + "taken on this machine's own address only")

    static let logLevel = Setting(
        name: "RENDITIONS_LOG_LEVEL", kind: .choice(["debug", "info", "notice", "warning", "error"]), fallback: "info",
        uptake: .live, summary: "The least urgent log lines that are written, to standard error")
    static let logFormat = Setting(
        name: "RENDITIONS_LOG_FORMAT", kind: .choice(LineLogHandler.Format.allCases.map(\.rawValue)),
        fallback: LineLogHandler.Format.auto.rawValue,
        uptake: .live, summary: "Log lines for people or as JSON; `auto`: for people on a terminal, JSON elsewhere")
    static let traces = Setting(
        name: "OTEL_EXPORTER_OTLP_ENDPOINT", kind: .url, fallback: "",
        uptake: .start, summary: "The collector that traces are sent to, as OTLP over HTTP. Unset: nowhere")

    static let runs = Setting(
        name: "RENDITIONS_RUNS", kind: .text, fallback: "",
        uptake: .none,
        summary: "The folder in which `rerender` keeps what `--resume` needs. Unset: `galerly-renditions/runs` below "
            + "`XDG_STATE_HOME` or `~/.local/state`",
        flag: "--runs")

    // What `rerender --dry-run` reckons with. The defaults are AWS's list prices on demand in us-east-1, in US dollars, as its
    // pages "Amazon S3 pricing" (S3 Standard), "Amazon DynamoDB pricing for on-demand capacity" (Standard table class, the
    // prices in force since 2024-11-01) and "AWS Fargate pricing" (Linux/x86) had them in 2025.
    static let priceS3Put = Setting(
        name: "RENDITIONS_PRICE_S3_PUT", kind: .amount(unit: "$ per 1000"), fallback: "0.005",
        uptake: .none, summary: "What S3 takes for writing and for listing")
    static let priceS3Get = Setting(
        name: "RENDITIONS_PRICE_S3_GET", kind: .amount(unit: "$ per 1000"), fallback: "0.0004",
        uptake: .none, summary: "What S3 takes for reading and for asking")
    static let priceWrite = Setting(
        name: "RENDITIONS_PRICE_DYNAMODB_WRITE", kind: .amount(unit: "$ per million units"), fallback: "0.625",
        uptake: .none, summary: "What DynamoDB takes for writing")
    static let priceRead = Setting(
        name: "RENDITIONS_PRICE_DYNAMODB_READ", kind: .amount(unit: "$ per million units"), fallback: "0.125",
        uptake: .none, summary: "What DynamoDB takes for reading")
    static let priceCPU = Setting(
        name: "RENDITIONS_PRICE_CPU_HOUR", kind: .amount(unit: "$ per hour"), fallback: "0.04048",
        uptake: .none, summary: "What an hour of one core costs")
    static let priceTransfer = Setting(
        name: "RENDITIONS_PRICE_TRANSFER_GB", kind: .amount(unit: "$ per GB"), fallback: "0",
        uptake: .none, summary: "What moving a gigabyte between S3 and the workers costs; nothing inside a region")
}
