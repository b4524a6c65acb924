import ArgumentParser
import Foundation
import Logging
import RenditionCore
import RenditionLocal
import RenditionVips

/// The one place where the parts are put together.
enum Parts {
    /// Opens the chosen store for as long as `body` runs.
    ///
    /// - Parameter creates: Whether an embedded store is made where there is none.
    static func withStore(
        _ choice: StoreChoice, _ settings: Settings, creates: Bool, _ body: (any PhotoStore) async throws -> Void
    ) async throws {
        try await using(try store(choice, settings, creates: creates), body)
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

    private static func store(
        _ choice: StoreChoice, _ settings: Settings, creates: Bool
    ) throws -> any PhotoStore {
        switch choice {
        case .local(let directory): try local(directory, settings, creates: creates)
        case .aws: throw awsIsMissing
        }
    }

    /// Opens an embedded store, for what only that one can do, for as long as `body` runs.
    static func withLocalStore(
        _ choice: StoreChoice, _ settings: Settings, _ body: (LocalStore) async throws -> Void
    ) async throws {
        guard case .local(let directory) = choice else { throw awsIsMissing }
        try await using(try local(directory, settings, creates: false), body)
    }

    private static func local(_ directory: String, _ settings: Settings, creates: Bool) throws -> LocalStore {
        try LocalStore(directory: directory, creates: creates, buckets: settings.buckets)
    }

    static func renderer() throws -> any PhotoRenderer { try CascadeRenderer() }

    /// Log lines go to standard error, so that standard output holds nothing but answers.
    static func logger(_ settings: Settings) -> Logger {
        var logger = Logger(label: "renditions") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = settings.logLevel
        return logger
    }

    private static let awsIsMissing = StoreChoice.Unknown(
        description: "The store on S3 and DynamoDB is not part of this version. Use --store local:DIR.")
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
