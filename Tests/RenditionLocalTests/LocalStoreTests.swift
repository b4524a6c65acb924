import Foundation
import GRDB
import RenditionCore
import RenditionLocal
import RenditionTestKit
import Synchronization
import Testing

@Suite("The embedded store's folder")
struct LocalStoreTests {
    private let folder = TestFolder()

    private func open(creates: Bool = true) throws -> LocalStore {
        try LocalStore(directory: folder.path("store"), creates: creates)
    }

    private func upload(_ key: String, _ text: String) -> ObjectUpload {
        ObjectUpload(key: key, body: .bytes(Array(text.utf8)), contentType: "image/jpeg")
    }

    @Test func everythingIsThereAfterReopening() async throws {
        do {
            let store = try open()
            _ = try await store.queue.adopt(PhotoRef(id: "a", galleryID: "g"), lane: .fresh)
            _ = try await store.records.insert(PhotoRecord(attributes: ["id": .string("a")]))
            _ = try await store.objects.put(upload("g/a.jpg", "bytes"), in: .photos, if: .absent)
        }
        let store = try open(creates: false)
        #expect(try await store.queue.depth().due == 1)
        #expect(try await store.records.record("a") != nil)
        #expect(try await store.objects.get(.photos, key: "g/a.jpg", limit: 9)?.bytes == Array("bytes".utf8))
    }

    @Test func objectsLieUnderTheirKeys() async throws {
        let store = try open()
        let key = "renditions/g/1_Été #1 (100%)_small.jpg"
        _ = try await store.objects.put(upload(key, "bytes"), in: .renditions, if: .absent)
        #expect(folder.files(below: "store/objects") == ["galerly-renditions-local/\(key)"])
    }

    @Test(arguments: [
        "../x", "g/../../x", "/x", "g//x", "g/./x", "", "g/", "..", "g/a\0b", "../\u{301}x", "g/../\u{301}x",
        String(repeating: "k", count: 1025),
    ])
    func noKeyLeadsOutOfTheFolder(_ key: String) async throws {
        let store = try open()
        let error = await #expect(throws: RenditionError.self) {
            _ = try await store.objects.put(upload(key, "bytes"), in: .photos, if: .none)
        }
        #expect(error?.code == "invalid_key")
        #expect(error?.retriable == false)
        #expect(folder.files().filter { !$0.hasPrefix("store/") } == [])
        #expect(folder.files(below: "store/objects") == [])
    }

    @Test func keysThatAreFoldedDoNotMeet() throws {
        let paths = ObjectPaths(root: "/r", names: BucketNames())
        let long = String(repeating: "é", count: 150) + ".jpg"
        let folded = try paths.file(.photos, key: "g/\(long)")
        let name = try #require(folded.split(separator: "/").last.map(String.init))
        #expect(name.utf8.count <= 255)
        #expect(name.hasSuffix(".jpg"))
        #expect(try paths.file(.photos, key: "g/\(name)") != folded)
        #expect(try paths.file(.photos, key: "g/x\(long)") != folded)
    }

    @Test func aFileThatWasDamagedIsNeverHandedOut() async throws {
        let store = try open()
        _ = try await store.objects.put(upload("g/a.jpg", "bytes"), in: .photos, if: .absent)
        for other in ["bytez", "byte", ""] {
            try folder.write("store/objects/galerly-photos-local/g/a.jpg", Array(other.utf8))
            let error = await #expect(throws: RenditionError.self) {
                _ = try await store.objects.get(.photos, key: "g/a.jpg", limit: 99)
            }
            #expect(error?.code == "stored_file_differs")
        }
    }

    @Test func noTemporaryFileOutlivesItsProcess() async throws {
        let store = try open()
        // What a killed process leaves: a folder, its lock file without a lock, and half a rendition.
        try folder.write("store/tmp/dead/lock", [])
        try folder.write("store/tmp/dead/half", [1, 2, 3])
        try folder.write("store/tmp/older/half", [1, 2, 3])
        let other = try open()
        try await store.sweep()
        let left = folder.files(below: "store/tmp")
        #expect(!left.contains { $0.hasPrefix("dead") || $0.hasPrefix("older") })
        #expect(left.count == 3, "the broom's lock and one for each of the two open stores: \(left)")
        _ = try await other.objects.put(upload("g/a.jpg", "bytes"), in: .photos, if: .absent)
    }

    /// A process that dies after a file got its name and before its row was certain.
    @Test func whatADeadProcessWroteWithoutARowIsPutBack() async throws {
        let store = try open()
        let bucket = "store/objects/galerly-photos-local"
        let dead = "store/tmp/dead"
        try folder.write("\(dead)/lock", [])
        for (name, text) in [("older", "1"), ("same", "2"), ("other", "3")] {
            _ = try await store.objects.put(upload("g/\(name).jpg", text), in: .photos, if: .absent)
            #expect(link(folder.path("\(bucket)/g/\(name).jpg"), folder.path("\(dead)/\(name)")) == 0)
            #expect(symlink("photos/g/\(name).jpg", folder.path("\(dead)/\(name).of")) == 0)
        }
        #expect(symlink("photos/g/new.jpg", folder.path("\(dead)/new.of")) == 0)
        // As a write does: a new file takes the name.
        for name in ["older", "new"] {
            try folder.write("replacement", Array("unfinished".utf8))
            #expect(rename(folder.path("replacement"), folder.path("\(bucket)/g/\(name).jpg")) == 0)
        }
        // Somebody else's later write is what its row speaks of.
        _ = try await store.objects.put(upload("g/other.jpg", "4"), in: .photos, if: .none)

        try await store.sweep()
        func text(_ key: String) async throws -> String? {
            try await store.objects.get(.photos, key: key, limit: 99).map { String(decoding: $0.bytes, as: UTF8.self) }
        }
        #expect(try await text("g/older.jpg") == "1")
        #expect(try await text("g/same.jpg") == "2")
        #expect(try await text("g/other.jpg") == "4")
        #expect(
            folder.files(below: bucket).sorted() == ["g/older.jpg", "g/other.jpg", "g/same.jpg"])
    }

    /// At every commit, what the process would leave if it died now.
    private final class Leavings: TransactionObserver, Sendable {
        let folder: TestFolder
        let seen = Mutex<[String]>([])

        init(_ folder: TestFolder) { self.folder = folder }

        func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { eventKind.tableName == "object" }
        func databaseDidChange(with event: DatabaseEvent) {}
        func databaseWillCommit() {
            for file in folder.files(below: "store/tmp") where !file.hasSuffix("lock") && !file.hasSuffix(".of") {
                let bytes = FileManager.default.contents(atPath: folder.path("store/tmp/\(file)")) ?? Data()
                let sign = folder.path("store/tmp/\(file).of")
                let target = try? FileManager.default.destinationOfSymbolicLink(atPath: sign)
                seen.withLock { $0.append("\(String(decoding: bytes, as: UTF8.self)) of \(target ?? "?")") }
            }
        }
        func databaseDidCommit(_ db: Database) {}
        func databaseDidRollback(_ db: Database) {}
    }

    @Test func whatAWriteReplacesIsKeptUntilItsRowIsCertain() async throws {
        let leavings = Leavings(folder)
        let store = try LocalStore(directory: folder.path("store"), creates: true) { database in
            database.add(transactionObserver: leavings, extent: .databaseLifetime)
        }
        _ = try await store.objects.put(upload("g/x.jpg", "older"), in: .photos, if: .none)
        _ = try await store.objects.put(upload("g/x.jpg", "newer"), in: .photos, if: .none)
        #expect(leavings.seen.withLock { $0 } == ["older of photos/g/x.jpg"])
    }

    @Test func aFailedWriteLeavesNothing() async throws {
        let store = try open()
        var missing = upload("g/a.jpg", "")
        missing.body = .file(folder.path("not-there"))
        await #expect(throws: RenditionError.self) {
            _ = try await store.objects.put(missing, in: .photos, if: .absent)
        }
        _ = try await store.objects.put(upload("g/b.jpg", "1"), in: .photos, if: .absent)
        _ = try await store.objects.put(upload("g/b.jpg", "2"), in: .photos, if: .absent)
        #expect(folder.files(below: "store/objects") == ["galerly-photos-local/g/b.jpg"])
        #expect(folder.files(below: "store/tmp").allSatisfy { $0.hasSuffix("lock") })
    }

    /// The file has its name when the commit fails.
    @Test func aWriteThatFailsAtTheVeryEndLeavesWhatWasThere() async throws {
        let store = try open()
        _ = try await store.objects.put(upload("g/x.jpg", "older"), in: .photos, if: .none)
        try SQLiteShell.run(
            """
            CREATE TABLE a (id INTEGER PRIMARY KEY);
            CREATE TABLE b (a REFERENCES a DEFERRABLE INITIALLY DEFERRED);
            CREATE TRIGGER t AFTER INSERT ON object BEGIN INSERT INTO b VALUES (1); END;
            """, folder.path("store/store.sqlite"))
        for key in ["g/x.jpg", "g/y.jpg"] {
            await #expect(throws: RenditionError.self) {
                _ = try await store.objects.put(upload(key, "newer"), in: .photos, if: .none)
            }
        }
        let there = try await store.objects.get(.photos, key: "g/x.jpg", limit: 99)
        #expect(there.map { String(decoding: $0.bytes, as: UTF8.self) } == "older")
        #expect(folder.files(below: "store/objects").map { PathName.last($0) } == ["x.jpg"])
        #expect(folder.files(below: "store/tmp").allSatisfy { PathName.last($0) == "lock" })
    }

    @Test func aFolderThatIsNoStoreIsRefused() throws {
        func code(_ path: String, creates: Bool) -> String? {
            do {
                _ = try LocalStore(directory: path, creates: creates)
                return nil
            } catch { return (error as? RenditionError)?.code }
        }
        #expect(code(folder.path("nothing"), creates: false) == "no_store")
        try folder.write("photos/a.jpg", [1])
        #expect(code(folder.path("photos"), creates: true) == "not_a_store")
        #expect(code(folder.path("photos/a.jpg"), creates: true) == "not_a_store")
        try folder.write("junk/store.sqlite", Array("this is no database, but long enough to look at".utf8))
        #expect(code(folder.path("junk"), creates: true) == "damaged_store")
        try FileManager.default.createDirectory(atPath: folder.path("other"), withIntermediateDirectories: true)
        try SQLiteShell.run("CREATE TABLE theirs (x)", folder.path("other/store.sqlite"))
        #expect(code(folder.path("other"), creates: true) == "not_a_store")
        try FileManager.default.createDirectory(atPath: folder.path("empty"), withIntermediateDirectories: true)
        #expect(code(folder.path("empty"), creates: true) == nil)
        #expect(folder.files(below: "photos") == ["a.jpg"])
    }

    @Test func foldersAreSearchedForPhotos() throws {
        for name in ["b.JPG", "a.jpeg", "deep/er/c.heic", "notes.txt", ".hidden.jpg", ".hidden/d.jpg"] {
            try folder.write("in/\(name)", [1])
        }
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("in/loop"), withDestinationPath: folder.path("in"))
        let search = OriginalFile.search([folder.path("in")])
        #expect(search.files.map(\.name) == ["a.jpeg", "b.JPG", "c.heic"])
        #expect(search.skipped == 1)
        #expect(search.problems.isEmpty)
        #expect(OriginalFile.search([folder.path("in/notes.txt")]).files.count == 1)
        #expect(OriginalFile.search([folder.path("in/none.jpg")]).problems.count == 1)
    }
}
