import Foundation
import GRDB
import RenditionCore

/// Two buckets as folders of files, with what HTTP would say of each object in the database.
///
/// A write's condition is checked, the file renamed and its row written inside one transaction, so that two workers
/// can't both pass the same condition.
struct LocalObjects: ObjectStore {
    let database: LocalDatabase
    let paths: ObjectPaths
    let temporary: TemporaryFolder
    let threads: DispatchPool
    let clock: any StoreClock

    func head(_ bucket: Bucket, key: String) async throws -> ObjectInfo? {
        try await database.read { try Self.fetch(bucket, key, $0)?.info }
    }

    func get(_ bucket: Bucket, key: String, limit: Int) async throws -> (info: ObjectInfo, bytes: [UInt8])? {
        let path = try paths.file(bucket, key: key)
        // An object may be replaced between the look at its row and at its file.
        for _ in 0..<3 {
            guard let row = try await database.read({ try Self.fetch(bucket, key, $0) }) else { return nil }
            guard row.info.size <= limit else {
                throw RenditionError.tooLarge(bytes: row.info.size, limit: limit, stage: .fetch)
            }
            let bytes = try await threads.run { () -> [UInt8]? in
                guard let bytes = try DurableFile.read(path) else { return nil }
                return bytes.count == row.info.size && Checksum.sha256(bytes) == row.checksum ? bytes : nil
            }
            if let bytes { return (row.info, bytes) }
        }
        throw RenditionError(
            code: "stored_file_differs", stage: .fetch, retriable: true,
            message: "The stored file of this photo is not the one that was uploaded. Upload the photo again.",
            detail: path)
    }

    func put(_ upload: ObjectUpload, in bucket: Bucket, if condition: PutCondition) async throws -> PutOutcome {
        let path = try paths.file(bucket, key: upload.key)
        let unfinished = temporary.newFile()
        let written = try await threads.run { try DurableFile.write(upload.body, to: unfinished) }
        let info = ObjectInfo(
            key: upload.key, size: written.size,
            // The random part makes it change with every write, even of the same bytes.
            etag: "\(written.checksum.prefix(32))-\(UInt32.random(in: 0...UInt32.max))",
            contentType: upload.contentType, cacheControl: upload.cacheControl, metadata: upload.metadata)
        let metadata = try ColumnJSON.text(upload.metadata)
        let now = clock.now.milliseconds
        let kept = KeptFile(in: temporary)
        defer { kept.forget() }
        do {
            let stored = try await database.write { database in
                let present = try Self.fetch(bucket, upload.key, database)
                guard condition.holds(of: present?.info.etag) else { return false }
                try database.execute(
                    sql: "INSERT OR REPLACE INTO object "
                        + "(bucket, key, size, etag, checksum, content_type, cache_control, metadata, stored_at) "
                        + "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    arguments: [
                        bucket.rawValue, info.key, info.size, info.etag, written.checksum, info.contentType,
                        info.cacheControl, metadata, now,
                    ])
                try kept.keep(bucket, upload.key, at: path)
                try DurableFile.move(unfinished, to: path)
                return true
            }
            if !stored { unlink(unfinished) }
            return stored ? .stored(info) : .conditionFailed
        } catch {
            unlink(unfinished)
            // The file may have its name already, and its row come to nothing, as on a disk that fails at the commit.
            try? await database.write { try Self.mend(kept, bucket, upload.key, path, $0) }
            throw error
        }
    }

    func delete(_ bucket: Bucket, key: String) async throws {
        let path = try paths.file(bucket, key: key)
        try await database.write { database in
            try database.execute(
                sql: "DELETE FROM object WHERE bucket = ? AND key = ?", arguments: [bucket.rawValue, key])
            guard unlink(path) == 0 || errno == ENOENT else { throw StoreFault.file(errno, "remove", path) }
        }
    }

    func list(_ bucket: Bucket, prefix: String, _ page: ([ListedObject]) async throws -> Bool) async throws {
        var last: String?
        while true {
            let found = try await database.read { [last] database in
                // SQLite compares text by its bytes, and no character comes after this one.
                try Row.fetchAll(
                    database,
                    sql: "SELECT key, size, stored_at FROM object WHERE bucket = ? AND key >= ? AND key < ? "
                        + "AND (? IS NULL OR key > ?) ORDER BY key LIMIT 1000",
                    arguments: [bucket.rawValue, last ?? prefix, prefix + "\u{10FFFF}", last, last]
                ).map { row in
                    ListedObject(
                        key: row["key"], size: row["size"], modified: Timestamp(milliseconds: row["stored_at"]))
                }
            }
            guard let end = found.last else { return }
            guard try await page(found) else { return }
            last = end.key
        }
    }

    /// Puts back what dead processes' unfinished writes have left without a row.
    ///
    /// - Parameter folder: A dead process's temporary folder.
    func mend(leftIn folder: String) throws {
        for (kept, bucket, key) in KeptFile.left(in: folder) {
            let path = try paths.file(bucket, key: key)
            try database.writeHere { try Self.mend(kept, bucket, key, path, $0) }
        }
    }

    private static func mend(
        _ kept: KeptFile, _ bucket: Bucket, _ key: String, _ path: String, _ database: Database
    ) throws {
        guard let row = try fetch(bucket, key, database) else { return try kept.mend(nil, at: path) }
        try kept.mend(
            { file in
                guard let bytes = try DurableFile.read(file) else { return false }
                return bytes.count == row.info.size && Checksum.sha256(bytes) == row.checksum
            }, at: path)
    }

    private struct StoredObject {
        var info: ObjectInfo
        var checksum: String
    }

    private static func fetch(_ bucket: Bucket, _ key: String, _ database: Database) throws -> StoredObject? {
        let row = try Row.fetchOne(
            database,
            sql: "SELECT size, etag, checksum, content_type, cache_control, metadata FROM object "
                + "WHERE bucket = ? AND key = ?",
            arguments: [bucket.rawValue, key])
        return try row.map { row in
            StoredObject(
                info: ObjectInfo(
                    key: key, size: row["size"], etag: row["etag"], contentType: row["content_type"],
                    cacheControl: row["cache_control"],
                    metadata: try ColumnJSON.value([String: String].self, row["metadata"])),
                checksum: row["checksum"])
        }
    }
}

extension PutCondition {
    /// Whether the condition holds where an object of that ETag, or none, stands.
    func holds(of etag: String?) -> Bool {
        switch self {
        case .none: true
        case .absent: etag == nil
        case .unchanged(let expected): etag == expected
        }
    }
}
