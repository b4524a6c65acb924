import Foundation
import GRDB
import RenditionCore

/// The photos table in SQLite: each record as DynamoDB's JSON, beside what it is looked up by.
struct LocalRecords: PhotoRecords {
    let database: LocalDatabase

    func record(_ photoID: String) async throws -> PhotoRecord? {
        try await database.read { try Self.fetch(photoID, $0) }
    }

    /// What an index stands on. A record that was damaged has none.
    static let originalKey = "CASE WHEN json_valid(attributes) THEN json_extract(attributes, '$.s3_key.S') END"

    func record(originalKey key: String, searching: Bool) async throws -> PhotoRecord? {
        try await database.read { database in
            try String.fetchOne(
                database,
                sql: "SELECT attributes FROM photo WHERE \(Self.originalKey) = ? "
                    + "ORDER BY created_at, rowid",
                arguments: [key]
            ).map(Self.decode)
        }
    }

    func insert(_ record: PhotoRecord) async throws -> Bool {
        try await database.write { try Self.insert(record, $0) }
    }

    /// Inserts inside a transaction.
    static func insert(_ record: PhotoRecord, _ database: Database) throws -> Bool {
        try database.execute(
            sql: "INSERT INTO photo (id, gallery_id, created_at, attributes) VALUES (?, ?, ?, ?) "
                + "ON CONFLICT DO NOTHING",
            arguments: [
                record.id, record.galleryID, record["created_at"] ?? "", try ColumnJSON.text(record.attributes),
            ])
        return database.changesCount == 1
    }

    /// Removes a record inside a transaction.
    static func remove(_ photoID: String, _ database: Database) throws {
        try database.execute(sql: "DELETE FROM photo WHERE id = ?", arguments: [photoID])
    }

    func commit(_ change: RecordCommit) async throws -> CommitOutcome {
        try await database.write { database in
            guard var record = try Self.fetch(change.photoID, database) else { return .gone }
            guard record.s3Key == change.s3Key else { return .originalReplaced }
            guard record.fence <= change.fence else { return .superseded(fence: record.fence) }
            record.attributes.merge(change.set) { _, new in new }
            for name in change.remove { record.attributes[name] = nil }
            if PhotoStatus.workersOwn.contains(record.status) {
                record.attributes["status"] = .string(change.status)
            }
            try database.execute(
                sql: "UPDATE photo SET attributes = ? WHERE id = ?",
                arguments: [try ColumnJSON.text(record.attributes), change.photoID])
            return .committed(status: record.status)
        }
    }

    func gallery(_ galleryID: String) async throws -> [PhotoRecord] {
        try await database.read { database in
            try String.fetchAll(
                database,
                sql: "SELECT attributes FROM photo WHERE gallery_id = ? ORDER BY created_at, rowid",
                arguments: [galleryID]
            ).map(Self.decode)
        }
    }

    func records(of scope: PhotoScope, _ page: ([PhotoRecord]) async throws -> Bool) async throws {
        if case .photos(let ids) = scope {
            var rest = Set(ids).sorted()[...]
            while !rest.isEmpty {
                let some = rest.prefix(100)
                rest = rest.dropFirst(100)
                let found = try await database.read { database in
                    try some.compactMap { id in try Self.naming(id) { try Self.fetch(id, database) } }
                }
                if !found.isEmpty, try await !page(found) { return }
            }
            return
        }
        let condition: (sql: String, value: String?) =
            switch scope {
            case .gallery(let id): ("gallery_id = :value", id)
            case .user(let id):
                ("CASE WHEN json_valid(attributes) THEN json_extract(attributes, '$.user_id.S') = :value END", id)
            case .photos, .everything: (":value IS NULL", nil)
            }
        var last: Int64 = 0
        while true {
            let (found, end) = try await database.read { [last] database in
                let rows = try Row.fetchAll(
                    database,
                    sql: "SELECT rowid, id, attributes FROM photo WHERE rowid > :last AND \(condition.sql) "
                        + "ORDER BY rowid LIMIT 300",
                    arguments: ["last": last, "value": condition.value])
                return (
                    try rows.map { row in try Self.naming(row["id"]) { try Self.decode(row["attributes"]) } },
                    rows.last?["rowid"] as Int64?
                )
            }
            guard let end, try await page(found) else { return }
            last = end
        }
    }

    func photographer(_ id: String) async throws -> Photographer? {
        try await database.read { database in
            try String.fetchOne(database, sql: "SELECT attributes FROM user WHERE id = ?", arguments: [id])
                .map { Photographer(attributes: try ColumnJSON.value([String: RecordValue].self, $0)) }
        }
    }

    /// Writes a user's settings. The platform does this in its own table.
    func keep(_ photographer: Photographer, as id: String) async throws {
        let text = try ColumnJSON.text(photographer.attributes)
        try await database.write { database in
            try database.execute(
                sql: "INSERT INTO user (id, attributes) VALUES (?, ?) "
                    + "ON CONFLICT (id) DO UPDATE SET attributes = excluded.attributes",
                arguments: [id, text])
        }
    }

    private static func fetch(_ photoID: String, _ database: Database) throws -> PhotoRecord? {
        try String.fetchOne(
            database, sql: "SELECT attributes FROM photo WHERE id = ?", arguments: [photoID]
        ).map(decode)
    }

    /// Says whose record can't be read.
    private static func naming<Result>(_ photoID: String, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as DecodingError {
            throw RenditionError(
                code: "damaged_record", stage: .claim, retriable: false,
                message: "The record of the photo \(photoID) can't be read. Restore it from a backup, or delete it.",
                detail: "\(error)")
        }
    }

    private static func decode(_ text: String) throws -> PhotoRecord {
        PhotoRecord(attributes: try ColumnJSON.value([String: RecordValue].self, text))
    }
}
