import RenditionCore

/// The index on the photos table through which owed renditions are found: `status`, then `created_at`, with nothing
/// projected but keys and the gallery, so that a record's other changes cost it nothing.
struct StatusIndex: Sendable {
    static let name = "StatusIndex"

    let dynamo: DynamoDB
    let table: String

    /// A record that says it owes renditions.
    struct Entry: Sendable, Hashable {
        var photo: PhotoRef
        /// When the backend made it, in the backend's own words.
        var createdAt: String
    }

    /// Reads what owes renditions, page by page, until the body says false.
    ///
    /// - Parameter since: The earliest `created_at` that is of interest.
    func processing(
        since: String? = nil, isolation: isolated (any Actor)? = #isolation, _ body: ([Entry]) async throws -> Bool
    ) async throws {
        var keys = Expression()
        keys.require("status", is: .string(PhotoStatus.processing))
        if let since { keys.require("created_at", atLeast: .string(since)) }
        var reading = DynamoDB.Reading(table, index: Self.name, keys: keys)
        reading.limit = 500
        try await dynamo.readAll(reading) { page in
            try await body(
                page.items.map { item in
                    Entry(
                        photo: PhotoRef(
                            id: item["id"]?.string ?? "", galleryID: item["gallery_id"]?.string ?? ""),
                        createdAt: item["created_at"]?.string ?? "")
                })
        }
    }
}
