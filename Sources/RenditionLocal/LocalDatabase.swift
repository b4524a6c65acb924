import Foundation
import GRDB
import RenditionCore

/// The embedded store's SQLite database: its tables, and calls that leave Swift's cooperative pool.
///
/// Several processes may have it open: it is in WAL mode, and every change is one immediate transaction.
struct LocalDatabase: Sendable {
    private let pool: DatabasePool
    private let threads: DispatchPool
    let path: String

    /// "GLRY" in the file's header tells this project's stores from other SQLite files.
    private static let applicationID: Int32 = 0x474C_5259

    /// - Parameters:
    ///   - path: The database file; it is made where it is absent.
    ///   - threads: Where blocking calls run.
    ///   - prepare: Told of each connection before its first use.
    init(
        path: String, threads: DispatchPool, prepare: (@Sendable (Database) throws -> Void)? = nil
    ) throws {
        var configuration = Configuration()
        if let prepare { configuration.prepareDatabase(prepare) }
        configuration.busyMode = .timeout(15)
        configuration.label = "renditions"
        self.path = path
        self.threads = threads
        pool = try StoreFault.translate(path) { [configuration] in
            let pool = try DatabasePool(path: path, configuration: configuration)
            let isForeign = try pool.read { database in
                try Int32.fetchOne(database, sql: "PRAGMA application_id") != Self.applicationID
                    && Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT * FROM sqlite_master)") == true
            }
            guard !isForeign else {
                throw RenditionError(
                    code: "not_a_store", stage: .store, retriable: false,
                    message: "\(path) is an SQLite file of something else.")
            }
            // A committed photo must survive a power cut and not only a killed process. GRDB chooses less for WAL
            // databases once it has opened one.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try Self.migrator.migrate(pool)
            return pool
        }
    }

    /// Reads from one consistent snapshot.
    func read<Result: Sendable>(_ body: @escaping @Sendable (Database) throws -> Result) async throws -> Result {
        try await threads.run { [pool, path] in try StoreFault.translate(path) { try pool.read(body) } }
    }

    /// Changes something in one transaction. It isn't interrupted when the calling task is cancelled: a file that was
    /// renamed inside must not lose its row.
    func write<Result: Sendable>(_ body: @escaping @Sendable (Database) throws -> Result) async throws -> Result {
        try await threads.run { [pool, path] in try StoreFault.translate(path) { try pool.write(body) } }
    }

    /// The same from a thread that may block.
    func writeHere<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try StoreFault.translate(path) { try pool.write(body) }
    }

    /// Closes the database; what is called afterwards throws.
    func close() async {
        try? await threads.run { [pool] in try pool.close() }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE photo (
                        id TEXT PRIMARY KEY,
                        gallery_id TEXT NOT NULL,
                        created_at TEXT NOT NULL,
                        attributes TEXT NOT NULL
                    );
                    CREATE INDEX photo_gallery ON photo (gallery_id, created_at);

                    CREATE TABLE job (
                        id TEXT PRIMARY KEY,
                        gallery_id TEXT NOT NULL,
                        prio TEXT NOT NULL,
                        gen INTEGER NOT NULL,
                        fence INTEGER NOT NULL,
                        tok TEXT,
                        owner TEXT,
                        attempts INTEGER NOT NULL,
                        state TEXT NOT NULL,
                        q INTEGER,
                        due_at INTEGER,
                        enq_at INTEGER NOT NULL,
                        done_recipe TEXT,
                        done_fence INTEGER,
                        done_at INTEGER,
                        last_error TEXT
                    );
                    CREATE INDEX job_due ON job (q, due_at) WHERE q IS NOT NULL;

                    CREATE TABLE job_event (
                        number INTEGER PRIMARY KEY,
                        photo_id TEXT NOT NULL,
                        at INTEGER NOT NULL,
                        kind TEXT NOT NULL,
                        owner TEXT,
                        attempt INTEGER NOT NULL,
                        detail TEXT
                    );
                    CREATE INDEX job_event_photo ON job_event (photo_id, number);

                    CREATE TABLE object (
                        bucket TEXT NOT NULL,
                        key TEXT NOT NULL,
                        size INTEGER NOT NULL,
                        etag TEXT NOT NULL,
                        checksum TEXT NOT NULL,
                        content_type TEXT NOT NULL,
                        cache_control TEXT,
                        metadata TEXT NOT NULL,
                        stored_at INTEGER NOT NULL,
                        PRIMARY KEY (bucket, key)
                    ) WITHOUT ROWID;
                    """)
            try database.execute(sql: "PRAGMA application_id = \(applicationID)")
        }
        migrator.registerMigration("2") { database in
            try database.execute(sql: "CREATE TABLE user (id TEXT PRIMARY KEY, attributes TEXT NOT NULL)")
        }
        migrator.registerMigration("3") { database in
            // How many jobs each lane holds: counting them would take longer the longer the queue is.
            try database.execute(
                sql: """
                    CREATE TABLE lane (q INTEGER PRIMARY KEY, jobs INTEGER NOT NULL);
                    INSERT INTO lane SELECT q, count(*) FROM job WHERE q IS NOT NULL GROUP BY q;

                    CREATE TRIGGER job_made AFTER INSERT ON job WHEN NEW.q IS NOT NULL BEGIN
                        INSERT INTO lane VALUES (NEW.q, 1) ON CONFLICT DO UPDATE SET jobs = jobs + 1;
                    END;
                    CREATE TRIGGER job_left AFTER UPDATE OF q ON job WHEN OLD.q IS NOT NULL AND OLD.q IS NOT NEW.q BEGIN
                        UPDATE lane SET jobs = jobs - 1 WHERE q = OLD.q;
                    END;
                    CREATE TRIGGER job_came AFTER UPDATE OF q ON job WHEN NEW.q IS NOT NULL AND OLD.q IS NOT NEW.q BEGIN
                        INSERT INTO lane VALUES (NEW.q, 1) ON CONFLICT DO UPDATE SET jobs = jobs + 1;
                    END;
                    CREATE TRIGGER job_removed AFTER DELETE ON job WHEN OLD.q IS NOT NULL BEGIN
                        UPDATE lane SET jobs = jobs - 1 WHERE q = OLD.q;
                    END;

                    -- Uploads are told of by their originals' keys.
                    CREATE INDEX photo_original ON photo (\(LocalRecords.originalKey));
                    """)
        }
        migrator.registerMigration("4") { database in
            try database.execute(
                sql: """
                    ALTER TABLE job ADD COLUMN trace TEXT;
                    ALTER TABLE job ADD COLUMN forced INTEGER NOT NULL DEFAULT 0;
                    """)
        }
        return migrator
    }
}

/// JSON as the database's columns hold it.
enum ColumnJSON {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func value<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}
