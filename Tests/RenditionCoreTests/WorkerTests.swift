import Foundation
import Logging
import RenditionCore
import RenditionLocal
import RenditionTestKit
import Synchronization
import Testing

/// A photo's way through the worker, on a real embedded store, with a renderer that does what the test says.
@Suite("The worker", .timeLimit(.minutes(2)))
struct WorkerTests: WorkerStage {
    let folder = TestFolder()
    let store: LocalStore

    init() throws { store = try LocalStore(directory: folder.path("store"), creates: true) }

    @Test func noMorePhotosAreInHandThanMayBe() async throws {
        for index in 1...6 { _ = try await importPhoto("\(index).jpg") }
        let inHand = Gauge()
        let renderer = StubRenderer { _, _ in
            inHand.take()
            usleep(20_000)
            inHand.giveBack()
        }
        _ = await worker(renderer, threads: 4, adjust: { $0.mostInHand = 2 }).run()
        #expect(renderer.calls == 6)
        #expect(inHand.peak <= 2)
    }

    @Test func theStagesOfAPhotoAddUpToItsTime() async throws {
        _ = try await importPhoto()
        let reports = Mutex<[PhotoReport]>([])
        _ = await worker(StubRenderer(), onPhoto: { report in reports.withLock { $0.append(report) } }).run()
        let report = try #require(reports.withLock { $0.first })
        let names = Set(report.stages.durations.keys.map(\.name))
        #expect(names == ["claim", "wait", "fetch", "probe", "render", "publish", "commit", "finish"])
        let sum = report.stages.total.seconds * 1000
        #expect(sum <= report.milliseconds)
        #expect(sum > report.milliseconds / 2, "\(report)")
    }

    @Test func aPhotoGoesAllTheWay() async throws {
        let id = try await importPhoto("Été #1.jpg")
        let renderer = StubRenderer()
        #expect(await worker(renderer).run() == 0)
        #expect(renderer.calls == 1)
        let record = try #require(try await store.records.record(id))
        #expect(record.status == "active")
        #expect(record.attributes["width"] == .integer(6000))
        #expect(record.attributes["dimensions"]?.map?["aspect_ratio"] == .number("1.5"))
        #expect(record.attributes["rendition_fence"] == .integer(1))
        #expect(record["processed_at"]?.hasSuffix("Z") == true)
        #expect(record["renditions_recipe"] != nil)
        #expect(record["small_url"] == record["small_thumb_url"])
        for size in RenditionSize.all {
            let key = "renditions/g/\(id)_Été #1_\(size.name).jpg"
            let object = try #require(try await store.objects.get(.renditions, key: key, limit: 9999))
            let checksum = try #require(record["\(size.name)_checksum"])
            #expect(Checksum.sha256(object.bytes) == checksum)
            #expect(object.info.metadata["checksum"] == checksum)
            #expect(object.info.metadata["photo-id"] == id)
            #expect(object.info.metadata["size"] == size.name)
            #expect(object.info.contentType == "image/jpeg")
            #expect(object.info.cacheControl == "public, max-age=31536000, immutable")
            #expect(record.attributes["\(size.name)_size"] == .integer(object.bytes.count))
            #expect(
                record["\(size.name)_url"]
                    == "http://localhost:5173/galerly-renditions-local/renditions/g/\(id)_%C3%89t%C3%A9%20%231_"
                    + "\(size.name).jpg?v=\(checksum.prefix(8))")
        }
        #expect(try await store.queue.job(id)?.state == .done)
    }

    @Test func whoeverQueuesAPhotoWakesAWorkerThatSleeps() async throws {
        let done = Bell()
        let sleeper = worker(
            StubRenderer(), drain: false,
            adjust: { $0.idle = IdlePace(floor: .seconds(3600), ceiling: .seconds(3600)) },
            onPhoto: { _ in done.ring() })
        let run = Task { await sleeper.run() }
        // Time for its first look, which finds nothing.
        try await Task.sleep(for: .milliseconds(500))
        let id = try await importPhoto()
        await done.wait(atMost: .seconds(60))
        #expect(try await store.records.record(id)?.status == "active")
        sleeper.stop()
        _ = await run.value
    }

    @Test func aPassingFailureIsTriedAgain() async throws {
        let id = try await importPhoto()
        let renderer = StubRenderer { _, call in
            if call < 3 { throw RenditionError(code: "x", stage: .render, retriable: true, message: "m") }
        }
        _ = await worker(renderer).run()
        #expect(renderer.calls == 3)
        #expect(try await store.records.record(id)?.status == "active")
        #expect(try await store.queue.history(id).map(\.kind).count { $0 == .retry } == 2)
    }

    @Test func whatFailsFiveTimesEndsFailedWithItsReason() async throws {
        let id = try await importPhoto()
        let good = try await importPhoto("b.jpg", "good")
        let renderer = StubRenderer { bytes, _ in
            guard bytes == Array("original".utf8) else { return }
            throw RenditionError(code: "odd", stage: .render, retriable: true, message: "It is odd.")
        }
        _ = await worker(renderer).run()
        #expect(renderer.calls == 6)
        let record = try #require(try await store.records.record(id))
        #expect(record.status == "failed")
        #expect(record.attributes["rendition_error"]?.map?["message"] == .string("It is odd."))
        #expect(try await store.queue.job(id)?.state == .dead)
        #expect(try await store.records.record(good)?.status == "active", "the worker goes on")
    }

    @Test func anUnknownErrorIsToldWithoutItsInternals() async throws {
        let id = try await importPhoto()
        struct Secret: Error {}
        _ = await worker(StubRenderer { _, _ in throw Secret() }, adjust: { $0.maxAttempts = 1 }).run()
        let reason = try #require(try await store.records.record(id)?.attributes["rendition_error"]?.map)
        #expect(reason["message"]?.string?.contains("Secret") == false)
        #expect(try await store.queue.job(id)?.lastError?.detail?.contains("Secret") == true)
    }

    @Test func aMissingOriginalIsNamed() async throws {
        let id = try await importPhoto()
        let key = try #require(try await store.records.record(id)?.s3Key)
        try await store.objects.delete(.photos, key: key)
        _ = await worker(StubRenderer(), adjust: { $0.maxAttempts = 2 }).run()
        let reason = try await store.records.record(id)?.attributes["rendition_error"]?.map
        #expect(reason?["code"] == .string("original_missing"))
        #expect(reason?["stage"] == .string("fetch"))
    }

    @Test func aPhotoThatKillsItsWorkersIsGivenUp() async throws {
        let id = try await importPhoto()
        for _ in 1...5 {
            _ = try await store.queue.claim(upTo: 1, owner: "dies", lease: .zero)
            _ = try await store.queue.reap()
        }
        let renderer = StubRenderer()
        _ = await worker(renderer).run()
        #expect(renderer.calls == 0)
        #expect(try await store.queue.job(id)?.state == .dead)
        let reason = try await store.records.record(id)?.attributes["rendition_error"]?.map
        #expect(reason?["code"] == .string("poison"))
    }

    /// Its last attempt ended without a word; those before say what is wrong with it.
    @Test func theLastClaimsSilenceDoesNotHideTheReason() async throws {
        let id = try await importPhoto()
        let key = try #require(try await store.records.record(id)?.s3Key)
        try await store.objects.delete(.photos, key: key)
        for attempt in 1...5 {
            let lease = try #require(try await store.queue.claim(upTo: 1, owner: "x", lease: .zero).first)
            if attempt == 5 { break }
            let missing = RenditionError(
                code: "original_missing", stage: .fetch, retriable: true, message: "The file is not there.")
            _ = try await store.queue.fail(lease, error: missing, retryAfter: .zero)
        }
        _ = try await store.queue.reap()
        _ = await worker(StubRenderer()).run()
        let reason = try await store.records.record(id)?.attributes["rendition_error"]?.map
        #expect(reason?["code"] == .string("original_missing"))
        #expect(try await store.queue.job(id)?.state == .dead)
    }

    @Test func workersThatAreKilledTakeNoOtherPhotoAlong() async throws {
        for index in 0..<12 { _ = try await importPhoto("\(index).jpg", "photo \(index)") }
        // Each of these claims what it can and dies.
        for _ in 1...6 {
            _ = try await store.queue.claim(upTo: 8, owner: "dies", lease: .zero)
            _ = try await store.queue.reap()
        }
        let renderer = StubRenderer()
        _ = await worker(renderer).run()
        #expect(renderer.calls == 12)
        for photo in try await store.records.gallery("g") { #expect(photo.status == "active") }
    }

    @Test func aFailureIsNotWrittenOntoAnotherOriginal() async throws {
        let id = try await importPhoto("a.jpg", "bad")
        let key = try #require(try await store.records.record(id)?.s3Key)
        let (entered, gate) = (Gauge(), Gate())
        let renderer = StubRenderer { bytes, _ in
            guard bytes == Array("bad".utf8) else { return }
            entered.take()
            gate.pass()
            throw RenditionError(code: "odd", stage: .render, retriable: false, message: "It is odd.")
        }
        let running = Task { [worker = worker(renderer)] in await worker.run() }
        while entered.peak == 0 { try await Task.sleep(for: .milliseconds(5)) }
        _ = try await store.objects.put(
            ObjectUpload(key: key, body: .bytes(Array("good".utf8)), contentType: "image/jpeg"), in: .photos,
            if: .none)
        gate.open()
        _ = await running.value
        let record = try #require(try await store.records.record(id))
        #expect(record.status == "active")
        #expect(record.attributes["rendition_error"] == nil)
    }

    @Test func aFenceFromElsewhereIsOvertaken() async throws {
        let id = try await importPhoto()
        let copied = RecordCommit(
            photoID: id, s3Key: try #require(try await store.records.record(id)?.s3Key), fence: 9,
            set: ["rendition_fence": .integer(9)], remove: [], status: PhotoStatus.processing)
        _ = try await store.records.commit(copied)
        _ = await worker(StubRenderer()).run()
        let record = try #require(try await store.records.record(id))
        #expect(record.status == "active")
        #expect(record.fence == 10)
        #expect(try await store.queue.history(id).map(\.kind) == [.queued, .claimed, .released, .claimed, .done])
    }

    @Test func anUnreadableFileFailsOnlyItsOwnPhoto() async throws {
        let id = try await importPhoto("a.jpg", "one")
        let other = try await importPhoto("b.jpg", "two")
        let key = try #require(try await store.records.record(id)?.s3Key)
        // A folder where the file was: what a damaged disk may show.
        let path = try store.paths.file(.photos, key: key)
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        _ = await worker(StubRenderer()).run()
        #expect(try await store.records.record(id)?.status == "failed")
        #expect(try await store.records.record(other)?.status == "active")
    }

    @Test func aRecordThatCantBeReadHoldsUpNobody() async throws {
        let (before, during) = (try await importPhoto("a.jpg", "one"), try await importPhoto("b.jpg", "two"))
        let good = try await importPhoto("c.jpg", "three")
        let database = folder.path("store/store.sqlite")
        try SQLiteShell.run("UPDATE photo SET attributes = 'junk' WHERE id = '\(before)'", database)
        let renderer = StubRenderer { bytes, _ in
            guard bytes == Array("two".utf8) else { return }
            try SQLiteShell.run("UPDATE photo SET attributes = 'junk' WHERE id = '\(during)'", database)
            throw RenditionError(code: "odd", stage: .render, retriable: false, message: "It is odd.")
        }
        _ = await worker(renderer).run()
        #expect(try await store.queue.job(before)?.state == .dead)
        #expect(try await store.queue.job(during)?.state == .dead)
        #expect(try await store.records.record(good)?.status == "active")
    }

    @Test func otherStatusesStayAndAreStillRendered() async throws {
        let id = try await importPhoto()
        var record = try #require(try await store.records.record(id))
        record.attributes["id"] = .string("approved-one")
        record.attributes["status"] = .string("approved")
        _ = try await store.records.insert(record)
        try await store.queue.enqueue(PhotoRef(id: "approved-one", galleryID: "g"), lane: .fresh)
        _ = await worker(StubRenderer()).run()
        let after = try #require(try await store.records.record("approved-one"))
        #expect(after.status == "approved")
        #expect(after["large_checksum"] != nil)
    }

    @Test func whatIsCurrentIsNotRenderedAgain() async throws {
        let id = try await importPhoto()
        let renderer = StubRenderer()
        _ = await worker(renderer).run()
        let before = try await store.records.record(id)
        try await store.queue.enqueue(PhotoRef(id: id, galleryID: "g"), lane: .batch)
        _ = await worker(renderer).run()
        #expect(renderer.calls == 1)
        #expect(try await store.records.record(id) == before)
        // Another recipe, or a rendition that is gone, is not current.
        try await store.queue.enqueue(PhotoRef(id: id, galleryID: "g"), lane: .batch)
        let newer = StubRenderer(version: "stub-2")
        _ = await worker(newer).run()
        #expect(newer.calls == 1)
        let key = ObjectKeys.rendition(galleryID: "g", originalKey: before?.s3Key ?? "", size: .medium)
        try await store.objects.delete(.renditions, key: key)
        try await store.queue.enqueue(PhotoRef(id: id, galleryID: "g"), lane: .batch)
        _ = await worker(newer).run()
        #expect(newer.calls == 2)
        #expect(try await store.objects.head(.renditions, key: key) != nil)
        // What is current is made again where that was asked for, once.
        for (note, calls) in [(JobNote(isForced: true), 3), (.none, 3)] {
            try await store.queue.enqueue(PhotoRef(id: id, galleryID: "g"), lane: .batch, note: note)
            _ = await worker(newer).run()
            #expect(newer.calls == calls)
        }
    }

    @Test func anOriginalThatIsReplacedMeanwhileWins() async throws {
        let id = try await importPhoto()
        let key = try #require(try await store.records.record(id)?.s3Key)
        let gate = Gate()
        // The first rendering lasts until the replacement is there.
        let renderer = StubRenderer { _, call in if call == 1 { gate.pass() } }
        let running = Task { [worker = worker(renderer)] in await worker.run() }
        while renderer.calls == 0 { try await Task.sleep(for: .milliseconds(5)) }
        _ = try await store.objects.put(
            ObjectUpload(key: key, body: .bytes(Array("newer".utf8)), contentType: "image/jpeg"), in: .photos,
            if: .none)
        gate.open()
        _ = await running.value
        #expect(renderer.calls == 2)
        let rendition = ObjectKeys.rendition(galleryID: "g", originalKey: key, size: .small)
        let bytes = try await store.objects.get(.renditions, key: rendition, limit: 999)?.bytes
        #expect(bytes.map { String(decoding: $0, as: UTF8.self) } == "stub-1 small of newer")
        #expect(try await store.queue.job(id)?.attempts == 0)
    }

    @Test func aDeletedPhotoLeavesNoRenditionsBehind() async throws {
        let id = try await importPhoto()
        let (path, entered) = (folder.path("store/store.sqlite"), Gauge())
        let gate = Gate()
        let renderer = StubRenderer { _, _ in
            entered.take()
            gate.pass()
        }
        let running = Task { [worker = worker(renderer)] in await worker.run() }
        while entered.peak == 0 { try await Task.sleep(for: .milliseconds(5)) }
        try SQLiteShell.run("DELETE FROM photo WHERE id = '\(id)'", path)
        gate.open()
        _ = await running.value
        #expect(renditions().isEmpty)
        #expect(try await store.records.record(id) == nil)
        #expect(try await store.queue.depth().owed == 0)
    }
}
