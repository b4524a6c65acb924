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
    func look(while mayGoOn: @Sendable () async -> Bool) async throws -> Look
}

/// What a look for new photos came to.
struct Look: Sendable, Hashable {
    /// Photos that owe renditions and were not known before; they are queued now.
    var found = 0
    /// Records that were read for it.
    var seen = 0
}
