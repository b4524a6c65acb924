import RenditionCore

/// How new records are found.
package enum FeedKind: String, Sendable, CaseIterable {
    /// The photos table's StatusIndex is asked for records that owe renditions.
    case poll
    /// DynamoDB Streams tells of changed records; the index is asked too, now and then.
    case streams
    /// Not at all: whoever uploads queues the photos.
    case none
}

/// Finds records that owe renditions and queues them. Whatever it is told is a hint: rows are only ever made where there
/// is none, and the worker reads the record afresh.
protocol Feed: Sendable {
    /// Looks once.
    ///
    /// - Parameter mayGoOn: Asked between batches; false ends the look.
    /// - Returns: how many photos were queued.
    func look(while mayGoOn: @Sendable () async -> Bool) async throws -> Int
}
