import Foundation
import RenditionCore
import RenditionLocal
import RenditionTestKit
import Testing

/// Photos or originals that are deleted between the renditions' way into the store and the record's.
@Suite("What is left of unfinished rounds", .timeLimit(.minutes(2)))
struct LeftoverTests: WorkerStage {
    let folder = TestFolder()
    let store: LocalStore

    init() throws { store = try LocalStore(directory: folder.path("store"), creates: true) }

    private var database: String { folder.path("store/store.sqlite") }
    private func deletion(record: Bool) -> String {
        "DELETE FROM object WHERE bucket = 'photos';" + (record ? "DELETE FROM photo;" : "")
    }

    /// Whether each rendition is what the record says of it.
    private func isConsistent(_ id: String) async throws -> Bool {
        let record = try #require(try await store.records.record(id))
        for size in RenditionSize.all {
            let key = ObjectKeys.rendition(galleryID: "g", originalKey: record.s3Key, size: size)
            let bytes = try #require(try await store.objects.get(.renditions, key: key, limit: 9999)).bytes
            let checksum = Checksum.sha256(bytes)
            guard record["\(size.name)_checksum"] == checksum,
                record.attributes["\(size.name)_size"] == .integer(bytes.count),
                record["\(size.name)_url"]?.hasSuffix("?v=\(checksum.prefix(8))") == true
            else { return false }
        }
        return record["small_url"] == record["small_thumb_url"]
    }

    @Test func aPhotoDeletedDuringItsRenderingLeavesNothing() async throws {
        let id = try await importPhoto()
        let (database, deletion) = (database, deletion(record: true))
        _ = await worker(StubRenderer { _, _ in try SQLiteShell.run(deletion, database) }).run()
        #expect(renditions() == [])
        #expect(try await store.queue.job(id)?.state == .done)
    }

    @Test func aPhotoDeletedAfterARoundWasCutOffLeavesNothing() async throws {
        let id = try await importPhoto()
        for (key, owner) in [("\(id)_a_small.jpg", id), ("\(id)_b_small.jpg", "another"), ("z_small.jpg", "z")] {
            _ = try await store.objects.put(
                ObjectUpload(
                    key: "renditions/g/\(key)", body: .bytes([1]), contentType: "image/jpeg",
                    metadata: ["photo-id": owner]), in: .renditions, if: .none)
        }
        try SQLiteShell.run(deletion(record: true), database)
        _ = await worker(StubRenderer()).run()
        #expect(try await store.queue.job(id)?.state == .dead)
        #expect(renditions() == ["renditions/g/\(id)_b_small.jpg", "renditions/g/z_small.jpg"], "others' stay")
    }

    @Test func anOriginalDeletedDuringANewRenderingLeavesTheNewRenditionsAndTheirRecord() async throws {
        let id = try await importPhoto()
        _ = await worker(StubRenderer()).run()
        try await store.queue.enqueue(PhotoRef(id: id, galleryID: "g"), lane: .batch)
        let (database, deletion) = (database, deletion(record: false))
        let newer = StubRenderer(version: "stub-2") { _, _ in try SQLiteShell.run(deletion, database) }
        _ = await worker(newer).run()
        #expect(newer.calls == 1)
        #expect(try await isConsistent(id))
    }

    @Test func anOriginalDeletedAfterARoundWasCutOffLeavesARecordOfWhatStands() async throws {
        let id = try await importPhoto()
        _ = await worker(StubRenderer()).run()
        let key = try #require(try await store.records.record(id)?.s3Key)
        // One of four was replaced.
        let bytes = Array("newer".utf8)
        _ = try await store.objects.put(
            ObjectUpload(
                key: ObjectKeys.rendition(galleryID: "g", originalKey: key, size: .small), body: .bytes(bytes),
                contentType: "image/jpeg", metadata: ["photo-id": id, "checksum": Checksum.sha256(bytes)]),
            in: .renditions, if: .none)
        try SQLiteShell.run(deletion(record: false), database)
        try await store.queue.enqueue(PhotoRef(id: id, galleryID: "g"), lane: .batch)
        _ = await worker(StubRenderer()).run()
        let record = try #require(try await store.records.record(id))
        #expect(record.status == PhotoStatus.active)
        #expect(record.attributes["rendition_error"]?.map?["code"] == .string("original_missing"))
        #expect(try await isConsistent(id))
        #expect(record.recipe == nil, "which recipe they are of isn't known")
    }
}
