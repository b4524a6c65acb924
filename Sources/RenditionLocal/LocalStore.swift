import Foundation
import GRDB
import RenditionCore

/// The embedded store: a folder that holds an SQLite database and the objects as files. It needs no server, and any
/// number of processes of one machine may share it.
///
/// ```
/// DIR/store.sqlite              records, queue, what HTTP would say of each object
/// DIR/objects/{bucket}/{key}    the objects' bytes
/// DIR/tmp/                      files that aren't finished, a folder a process
/// ```
package struct LocalStore: PhotoStore {
    package let queue: any JobQueue
    package let records: any PhotoRecords
    package let objects: any ObjectStore
    private let files: LocalObjects
    package let clock: any StoreClock
    package let doorbell: Doorbell
    package let summary: String
    /// Nobody sends mails from here.
    package var mail: (any MailLedger)? { nil }
    /// Where the objects lie.
    package let paths: ObjectPaths
    private let database: LocalDatabase
    private let temporary: TemporaryFolder
    private let threads: DispatchPool

    /// Opens a store.
    ///
    /// - Parameters:
    ///   - directory: Its folder.
    ///   - creates: Whether to make one where there is none yet.
    ///   - buckets: The buckets' names, which are folders here.
    ///   - clock: The time in which leases are measured.
    ///   - prepare: Told of each connection to the database before its first use.
    /// - Throws: A ``RenditionError`` of stage `store`: `no_store`, `not_a_store`, `not_writable`, `disk_full`, …
    package init(
        directory: String, creates: Bool, buckets: BucketNames = BucketNames(), clock: any StoreClock = SystemClock(),
        prepare: (@Sendable (Database) throws -> Void)? = nil
    ) throws {
        let root = directory.hasSuffix("/") && directory.count > 1 ? String(directory.dropLast()) : directory
        let file = "\(root)/store.sqlite"
        try Self.check(root, file, creates: creates)
        try DurableFile.makeFolders("\(root)/tmp")
        try DurableFile.makeFolders("\(root)/objects")

        let threads = DispatchPool(width: 4, label: "renditions.disk")
        self.threads = threads
        // Two processes that make one store at the same time would both make its tables.
        let database = try TemporaryFolder.exclusively("\(root)/tmp") {
            try LocalDatabase(path: file, threads: threads, prepare: prepare)
        }
        temporary = try TemporaryFolder(in: "\(root)/tmp")
        paths = ObjectPaths(root: "\(root)/objects", names: buckets)
        self.clock = clock
        self.database = database
        queue = LocalQueue(database: database, clock: clock)
        records = LocalRecords(database: database)
        let files = LocalObjects(
            database: database, paths: paths, temporary: temporary, threads: threads, clock: clock)
        self.files = files
        objects = files
        doorbell = Doorbell(store: Self.identity(of: root))
        summary = "embedded store in \(root)"
    }

    /// Writes a user's settings, which the platform does in its own table.
    package func keep(_ photographer: Photographer, as id: String) async throws {
        try await LocalRecords(database: database).keep(photographer, as: id)
    }

    package func submit(_ record: PhotoRecord, lane: LaneClass) async throws {
        let (now, photo) = (clock.now, PhotoRef(id: record.id, galleryID: record.galleryID))
        try await database.write { database in
            guard try LocalRecords.insert(record, database) else { return }
            _ = try LocalQueue.adopt(photo, lane, now, database)
        }
    }

    package func withdraw(_ photoID: String) async throws {
        try await database.write { database in
            try LocalRecords.remove(photoID, database)
            try LocalQueue.remove(photoID, database)
        }
    }

    package func tend() async throws -> Tended { Tended(recovered: try await queue.reap()) }

    /// Looking costs a fraction of a millisecond. Whoever queues a photo rings, unless it is in another container.
    package func idleWait(afterSilence silence: Duration) -> Duration {
        IdlePace(floor: .milliseconds(50), ceiling: .seconds(1)).wait(afterSilence: silence)
    }

    /// Records are queued by whoever inserts them.
    package func isFed() async throws -> Bool { true }

    package func close() async {
        temporary.remove()
        await database.close()
    }

    package func sweep() async throws {
        try await threads.run { [temporary, files] in try temporary.sweep { try files.mend(leftIn: $0) } }
    }

    /// The folder itself, whatever path leads to it.
    private static func identity(of root: String) -> String {
        var status = stat()
        guard stat(root, &status) == 0 else { return "local/\(root)" }
        return "local/\(status.st_dev)/\(status.st_ino)"
    }

    /// Refuses to take somebody else's folder for a store.
    private static func check(_ root: String, _ file: String, creates: Bool) throws {
        func refuse(_ code: String, _ message: String) -> RenditionError {
            RenditionError(code: code, stage: .store, retriable: false, message: message)
        }
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: root, isDirectory: &isFolder)
        if exists, !isFolder.boolValue { throw refuse("not_a_store", "\(root) is a file and no store.") }
        if exists, access(file, F_OK) == 0 { return }
        if exists, access(root, R_OK | X_OK) != 0 {
            throw refuse("not_readable", "\(root) can't be read: \(String(cString: strerror(errno))).")
        }
        let content = exists ? (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [] : []
        // A store that was being made when its process died has these.
        guard Set(content).isSubset(of: ["tmp", "objects"]) else {
            throw refuse(
                "not_a_store",
                "\(root) holds other files and no store. Name a store's folder, or a new one.")
        }
        guard creates else {
            throw refuse(
                "no_store", "There is no store in \(root). `renditions import` makes one; or name another folder.")
        }
    }
}
