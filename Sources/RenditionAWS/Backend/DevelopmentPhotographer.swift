import RenditionCore

/// The one photographer of a stack for development: who owns every gallery there.
struct DevelopmentPhotographer: Sendable {
    let store: AWSStore

    static let id = "local-photographer"
    /// The key of the users table; a domain that nobody can own (RFC 2606, section 3).
    static let email = "photographer@example.com"

    private static let key: DynamoDB.Item = ["email": .string(email)]

    /// Makes the user and the gallery where they aren't there.
    func keep(gallery: String, now: Timestamp) async throws {
        let moment = RecordValue.string(now.iso8601)
        let user: DynamoDB.Item = [
            "email": .string(Self.email), "id": .string(Self.id), "name": .string("Local Photographer"),
            "created_at": moment,
        ]
        let shelf: DynamoDB.Item = [
            "user_id": .string(Self.id), "id": .string(gallery), "name": .string(gallery), "created_at": moment,
        ]
        let tables = store.configuration.tables
        try await insert(user, "email", into: tables.users)
        try await insert(shelf, "id", into: tables.galleries)
    }

    private func insert(_ item: DynamoDB.Item, _ key: String, into table: String) async throws {
        try await RenditionAWS.store {
            var expression = Expression()
            expression.requireAbsent(key)
            _ = try await store.dynamo.put(item, into: table, if: expression)
        }
    }

    func watermark() async throws -> WatermarkSettings {
        try await RenditionAWS.store {
            WatermarkSettings(try await store.dynamo.get(Self.key, from: store.configuration.tables.users) ?? [:])
        }
    }

    /// Of a user that isn't there yet only the settings are written; the rest follows with the first photo.
    func change(_ watermark: WatermarkSettings) async throws {
        try await RenditionAWS.store {
            var expression = Expression()
            for (name, value) in watermark.attributes.sorted(by: { $0.key < $1.key }) { expression.set(name, value) }
            expression.set("id", .string(Self.id))
            _ = try await store.dynamo.update(Self.key, in: store.configuration.tables.users, expression)
        }
    }
}
