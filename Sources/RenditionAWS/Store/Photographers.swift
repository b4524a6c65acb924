import RenditionCore
import Synchronization

/// Reads the platform's table of users, whose key is the e-mail address while photos name their users by id.
///
/// The index from id to address follows the table with a delay, in which a watermark that was just turned on would be
/// missed. So the index serves for the address only, which hardly ever changes and is remembered, and the record itself is
/// read consistently.
final class Photographers: Sendable {
    private let dynamo: DynamoDB
    private let table: String
    private let addresses = Mutex<[String: String]>([:])

    /// Made by the platform.
    static let index = "UserIdIndex"
    /// Addresses that are remembered.
    private static let capacity = 10_000

    init(dynamo: DynamoDB, table: String) {
        self.dynamo = dynamo
        self.table = table
    }

    /// - Returns: nil where there is no user of that id.
    func photographer(_ id: String) async throws -> Photographer? {
        if let address = addresses.withLock({ $0[id] }), let found = try await read(address), found["id"] == .string(id)
        {
            return Photographer(attributes: found)
        }
        guard let address = try await address(of: id), let found = try await read(address) else { return nil }
        addresses.withLock { addresses in
            if addresses.count >= Self.capacity { addresses.removeAll() }
            addresses[id] = address
        }
        return Photographer(attributes: found)
    }

    private func read(_ address: String) async throws -> DynamoDB.Item? {
        try await store { try await dynamo.get(["email": .string(address)], from: table) }
    }

    private func address(of id: String) async throws -> String? {
        var keys = Expression()
        keys.require("id", is: .string(id))
        var reading = DynamoDB.Reading(table, index: Self.index, keys: keys)
        reading.limit = 1
        let request = reading
        return try await store { try await dynamo.read(request) }.items.first?["email"]?.string
    }
}
