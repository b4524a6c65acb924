import ArgumentParser
import Foundation
import Logging
import RenditionAWS
import RenditionCore
import RenditionIsolation
import RenditionLocal
import RenditionVips
import Tracing

/// The one place where the parts are put together.
enum Parts {
    /// Opens the chosen store for as long as `body` runs.
    ///
    /// - Parameter creates: Whether an embedded store is made where there is none.
    static func withStore(
        _ choice: StoreChoice, _ settings: Settings, creates: Bool, _ body: (any PhotoStore) async throws -> Void
    ) async throws {
        switch choice {
        case .local(let directory): try await using(try local(directory, settings, creates: creates), body)
        case .aws: try await withAWSStore(settings) { try await body($0) }
        }
    }

    /// Opens the store on S3 and DynamoDB for as long as `body` runs.
    ///
    /// - Parameters:
    ///   - checksTables: Whether the worker's own table must be there.
    ///   - mails: Whether photographers may be told by mail.
    static func withAWSStore(
        _ settings: Settings, checksTables: Bool = true, mails: Bool = true, _ body: (AWSStore) async throws -> Void
    ) async throws {
        let logger = logger(settings)
        var configuration = try settings.aws()
        if !mails { configuration.mail = nil }
        let store = try await AWSStore.open(configuration, logger: logger, checksTables: checksTables)
        defer { logger.debug("Requests: \(store.meter.summary).") }
        try await using(store, body)
    }

    /// Runs `body` and closes the store whatever comes of it.
    private static func using<Store: PhotoStore>(
        _ store: Store, _ body: (Store) async throws -> Void
    ) async throws {
        do {
            try await body(store)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    /// Opens an embedded store, for what only that one can do, for as long as `body` runs.
    static func withLocalStore(
        _ choice: StoreChoice, _ settings: Settings, _ body: (LocalStore) async throws -> Void
    ) async throws {
        guard case .local(let directory) = choice else {
            throw SettingError("This needs an embedded store: name one with --store local:DIR.")
        }
        try await using(try local(directory, settings, creates: false), body)
    }

    private static func local(_ directory: String, _ settings: Settings, creates: Bool) throws -> LocalStore {
        try LocalStore(directory: directory, creates: creates, buckets: settings.buckets)
    }

    /// What renders: in processes of their own, or in this one.
    ///
    /// - Parameters:
    ///   - inProcess: Whether an original may take this process along, which a debugger likes.
    ///   - level: At which the processes' sandbox is told.
    static func renderer(_ settings: Settings, inProcess: Bool, logger: Logger, telling level: Logger.Level = .debug)
        throws -> any PhotoRenderer
    {
        if inProcess { return try CascadeRenderer() }
        let films = try CascadeRenderer(isForFilmsOnly: true)
        return IsolatedRenderer(films: films, settings.isolation) { sandbox in
            logger.log(level: level, "Photos are rendered in processes that run \(sandbox.summary).")
        } onEnd: { use in
            logger.debug(
                "A render process ended.",
                metadata: [
                    "photos": "\(use.photos)", "seconds": "\(use.seconds)", "peak_mib": "\(use.peak >> 20)",
                ])
        }
    }

    /// Says how films are decoded on this machine, which an operator should know before the first one comes.
    static func describeFilms(_ logger: Logger) {
        if let summary = VideoFile.summary {
            logger.info("Films: \(summary).")
        } else {
            logger.warning("Films can't be rendered here: ffmpeg or ffprobe is missing. The package ffmpeg has them.")
        }
    }

    /// Log lines go to standard error, so that standard output holds nothing but answers.
    static func logger(_ settings: Settings) -> Logger { logger(LogStyle(settings)) }

    /// A logger whose lines follow a style that may change.
    static func logger(_ style: LogStyle) -> Logger { Logger(label: "renditions") { _ in LineLogHandler(style) } }

    /// Lets photos be followed from here on, for as long as `body` runs; the process' only call.
    static func traced(_ settings: Settings, logger: Logger, _ body: () async throws -> Void) async throws {
        let exporter = settings.given(.traces).flatMap { SpanExporter(url: $0, logger: logger) }
        InstrumentationSystem.bootstrap(PhotoTracer(exporter: exporter))
        do {
            try await body()
        } catch {
            await exporter?.close()
            throw error
        }
        await exporter?.close()
    }
}

/// The options that every command with a store has.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The store: local:DIR, or aws.",
            discussion: "Unset: aws where DYNAMODB_TABLE_PHOTOS or AWS_ENDPOINT_URL is set, else local:./galerly-data.",
            valueName: "store"))
    var store: String?
}

/// The options that every command that renders has.
struct RenderOptions: ParsableArguments {
    @Flag(
        help:
            "Render in this process and not in sandboxed ones, for debugging: an original that crashes a decoder ends it."
    )
    var inProcess = false
}
