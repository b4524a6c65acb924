import RenditionCore

/// The one photographer of a stack for development: who owns every gallery there.
struct DevelopmentPhotographer: Sendable {
    let store: AWSStore

    static let id = "local-photographer"
    /// The key of the users table; a domain that nobody can own (RFC 2606, section 3).
    static let email = "photographer@example.com"

    private static let key: DynamoDB.Item = ["email": .string(email)]

    /// Makes the user and the gallery where they aren't there.
    func keep(gallery: String) async throws {
        try await keepUser()
        let shelf: DynamoDB.Item = [
            "user_id": .string(Self.id), "id": .string(gallery), "name": .string(gallery), "created_at": moment,
        ]
        try await insert(shelf, "id", into: store.configuration.tables.galleries)
    }

    private func keepUser() async throws {
        let user: DynamoDB.Item = [
            "email": .string(Self.email), "id": .string(Self.id), "name": .string("Local Photographer"),
            "created_at": moment,
        ]
        try await insert(user, "email", into: store.configuration.tables.users)
    }

    private var moment: RecordValue { .string(store.clock.now.iso8601) }

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

    /// Writes the settings; makes the user first where it isn't there.
    func change(_ watermark: WatermarkSettings) async throws {
        try await keepUser()
        try await RenditionAWS.store {
            var expression = Expression()
            for (name, value) in watermark.attributes.sorted(by: { $0.key < $1.key }) { expression.set(name, value) }
            _ = try await store.dynamo.update(Self.key, in: store.configuration.tables.users, expression)
        }
    }
}
