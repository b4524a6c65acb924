import Foundation
import RenditionCore
import RenditionTestKit
import Testing

/// Comparing records with objects, and repairing what differs.
@Suite("Verification", .serialized, .timeLimit(.minutes(10)))
struct VerifyTests {
    /// What `verify --json` found: the problems' kinds by photo.
    private struct Findings {
        let status: Int32
        let kinds: [String: Set<String>]
        let summary: [String: Any]
        let text: String

        init(_ result: Command.Result) throws {
            let all = try BatchLines(result.output)
            status = result.status
            summary = all.summary
            text = result.output + result.errors
            kinds = all.lines.reduce(into: [:]) { kinds, line in
                kinds[line["photo"] as? String ?? "", default: []].insert(line["kind"] as? String ?? "")
            }
        }

        func number(_ name: String) -> Int? { summary[name] as? Int }
    }

    private func verify(_ stage: BatchStage, _ arguments: String...) async throws -> Findings {
        try Findings(try await Renditions.run(["verify", "--json"] + arguments, stage.environment()))
    }

    /// Puts another object in the place of one.
    private func replace(
        _ key: String, on stage: BatchStage, bytes: [UInt8]? = nil, contentType: String? = nil,
        metadata: [String: String] = [:]
    ) async throws {
        let present = try #require(try await stage.store.objects.get(.renditions, key: key, limit: 1 << 24))
        let upload = ObjectUpload(
            key: key, body: .bytes(bytes ?? present.bytes), contentType: contentType ?? present.info.contentType,
            cacheControl: present.info.cacheControl, metadata: present.info.metadata.merging(metadata) { $1 })
        _ = try await stage.store.objects.put(upload, in: .renditions, if: .none)
    }

    @Test(arguments: ChaosStore.allCases)
    func whatIsAsItShouldBeIsNoProblem(_ kind: ChaosStore) async throws {
        let stage = try await BatchStage(kind)
        _ = try await stage.upload(count: 4)
        _ = try await stage.upload(as: "pending.jpg", attributes: ["status": .string("pending")])
        _ = try await stage.upload("broken.jpg")
        let photo = try await stage.upload("IMG_2031.jpg", as: "Été #1 (100%).jpg", gallery: "h")
        let worker = try await stage.run("rerender", "--all", "--now")
        #expect(worker.status == 1, "one is damaged: \(worker.errors)")
        for arguments in [
            ["--all"], ["--all", "--bytes"], ["--gallery", "g", "--orphan-age", "0"], ["--user", "u"], [photo.id],
        ] {
            let result = try await Renditions.run(["verify", "--json", "--repair"] + arguments, stage.environment())
            let found = try Findings(result)
            #expect(found.status == 0, "\(arguments): \(found.text)")
            #expect(found.kinds.isEmpty, "\(arguments): \(found.text)")
        }
        let text = try await stage.run("verify", "--all")
        #expect(text.output == "7 photos, 24 objects: no problem.\n", "\(text.output)")
        await stage.target.close()
    }

    @Test(arguments: ChaosStore.allCases)
    func eachKindOfDamageIsFoundAndRepaired(_ kind: ChaosStore) async throws {
        let stage = try await BatchStage(kind)
        let (store, longAgo) = (stage.store, RecordValue.string("2026-01-01T00:00:00.000Z"))
        let photos = try await stage.upload(count: 10)
        let anna = try await stage.upload(as: "anna.jpg", user: "anna")
        try await stage.renderAll()

        var expected: [String: Set<String>] = [:]
        try await store.objects.delete(.renditions, key: try await stage.key(photos[0], .large))
        expected[photos[0].id] = ["missing"]
        try await stage.remove(["small_thumb_url"], from: photos[1])
        expected[photos[1].id] = ["missing"]
        try await replace(
            try await stage.key(photos[2], .small), on: stage, bytes: [1, 2], metadata: ["checksum": "another"])
        expected[photos[2].id] = ["differs"]
        try await replace(try await stage.key(photos[3], .medium), on: stage, bytes: [1, 2, 3])
        try await replace(try await stage.key(photos[4], .medium), on: stage, contentType: "binary/octet-stream")
        expected[photos[4].id] = ["headers"]
        let mark: [String: RecordValue] = ["watermark_enabled": .bool(true), "watermark_text": .string("© Anna")]
        try await stage.target.keep(Photographer(attributes: mark), as: "anna")
        expected[anna.id] = ["stale"]
        try await store.objects.delete(.photos, key: try await stage.record(photos[5]).s3Key)
        expected[photos[5].id] = ["original_missing"]
        // Its record is gone, and its renditions stay.
        let orphans = try await store.objects.keys(.renditions, prefix: "renditions/g/\(photos[6].id)_")
        #expect(orphans.count == 4)
        try await stage.target.deleteRecord(photos[6].id)
        expected[photos[6].id] = ["orphaned"]
        // A further format that is no longer made.
        let webp = try await stage.key(photos[7], .medium, .webp)
        _ = try await store.objects.put(
            ObjectUpload(key: webp, body: .bytes([1]), contentType: "image/webp", metadata: ["photo-id": photos[7].id]),
            in: .renditions, if: .absent)
        expected[photos[7].id] = ["orphaned"]
        let stranger = "renditions/g/stranger.jpg"
        _ = try await store.objects.put(
            ObjectUpload(key: stranger, body: .bytes([1]), contentType: "image/jpeg"), in: .renditions, if: .absent)
        expected[""] = ["stranger"]
        // Two that owe renditions: one that nobody was told of, and one that was given up.
        var (owed, dead) = (try await stage.record(photos[8]), try await stage.record(photos[8]))
        for (name, value) in [("id", RecordValue.string("owed")), ("s3_key", .string("g/owed.jpg"))] {
            owed.attributes[name] = value
        }
        for (name, value) in [("id", RecordValue.string("dead")), ("s3_key", .string("g/dead.jpg"))] {
            dead.attributes[name] = value
        }
        for var record in [owed, dead] {
            record.attributes["status"] = .string(PhotoStatus.processing)
            record.attributes["created_at"] = longAgo
            record.attributes["rendition_fence"] = nil
            _ = try await store.objects.put(
                ObjectUpload(
                    key: record.s3Key, body: .bytes(Corpus.samples.bytes("tiny.jpg")), contentType: "image/jpeg"),
                in: .photos, if: .none)
            _ = try await store.records.insert(record)
            expected[record.id] = [record.id == "owed" ? "unqueued" : "dead"]
        }
        _ = try await store.queue.adopt(PhotoRef(id: "dead", galleryID: "g"), lane: .fresh)
        let lease = try #require(try await store.queue.claim("dead", owner: "test", lease: .seconds(60)))
        let error = RenditionError(code: "test", stage: .render, retriable: false, message: "For the test.")
        #expect(try await store.queue.bury(lease, error: error) == .done)
        // One in the queue is left to its worker, whatever it lacks.
        try await store.objects.delete(.renditions, key: try await stage.key(photos[9], .large))
        try await store.queue.enqueue(photos[9], lane: .batch)

        // S3 tells an object's time in whole seconds, and each process knows the store's to half of one.
        try await Task.sleep(for: .seconds(2))

        // Without a word of repair nothing changes.
        let young = try await verify(stage, "--all")
        #expect(young.kinds == expected.filter { !["orphaned", "stranger"].contains($0.value.first) }, "\(young.text)")
        for scope in [["--all"], ["--gallery", "g"]] {
            let found = try Findings(
                try await Renditions.run(
                    ["verify", "--json", "--orphan-age", "0"] + scope, stage.environment()))
            #expect(found.status == 1)
            #expect(found.kinds == expected, "\(found.text)")
            #expect(found.number("in_queue") == 1)
            #expect(found.number("repaired") == 0)
        }
        expected[photos[3].id] = ["differs"]
        let rotten = try await verify(stage, "--all", "--bytes", "--orphan-age", "0")
        #expect(rotten.kinds == expected, "\(rotten.text)")

        let originals = try await store.objects.keys(.photos, prefix: "")
        let repaired = try await verify(stage, "--all", "--bytes", "--orphan-age", "0", "--repair")
        #expect(repaired.status == 1, "three can't be repaired")
        #expect(repaired.kinds == expected)
        let generations = try await generations(stage)
        for id in [0, 1, 2, 3, 4].map({ photos[$0].id }) + [anna.id] {
            #expect(try await store.queue.job(id)?.lane == .batch)
        }
        #expect(try await store.queue.job("owed")?.lane == .fresh)
        #expect(try await store.queue.job("dead")?.state == .dead)

        // A second one finds everything under way and changes nothing more.
        let left: [String: Set<String>] = [
            photos[5].id: ["original_missing"], "dead": ["dead"], "": ["stranger"],
        ]
        let second = try await verify(stage, "--all", "--bytes", "--orphan-age", "0", "--repair")
        #expect(second.kinds == left, "\(second.text)")
        #expect(second.number("repaired") == 0)
        #expect(try await self.generations(stage) == generations)

        try await stage.renderAll()
        let after = try await verify(stage, "--all", "--bytes", "--orphan-age", "0", "--repair")
        #expect(after.kinds == left, "\(after.text)")
        #expect(after.number("in_queue") == 0)
        #expect(try await store.objects.keys(.renditions, prefix: "renditions/g/\(photos[6].id)_").isEmpty)
        #expect(try await store.objects.head(.renditions, key: webp) == nil)
        #expect(try await store.objects.head(.renditions, key: stranger) != nil)
        #expect(try await store.objects.keys(.photos, prefix: "") == originals)
        #expect(try await stage.record(PhotoRef(id: "owed", galleryID: "g")).status == PhotoStatus.active)
        await stage.target.close()
    }

    /// A record whose original's key was changed still shows viewers what was made of the one before.
    @Test(arguments: ChaosStore.allCases)
    func whatARecordShowsIsNeverDeleted(_ kind: ChaosStore) async throws {
        let stage = try await BatchStage(kind)
        let photo = try await stage.upload(as: "Été #1 (100%).jpg")
        try await stage.renderAll()
        var record = try await stage.record(photo)
        record.attributes["s3_key"] = .string("g/elsewhere.jpg")
        try await stage.target.deleteRecord(photo.id)
        try await stage.target.insert(record)
        try await Task.sleep(for: .seconds(2))
        func objects() async throws -> Int {
            try await stage.store.objects.keys(.renditions, prefix: "renditions/g/").count
        }
        let found = try await verify(stage, "--all", "--orphan-age", "0", "--repair")
        #expect(found.kinds == [photo.id: ["original_missing"]], "\(found.text)")
        #expect(try await objects() == 4)
        // Its URLs alone are reason enough, once the new original is there.
        _ = try await stage.store.objects.put(
            ObjectUpload(
                key: record.s3Key, body: .bytes(Corpus.samples.bytes("tiny.jpg")), contentType: "image/jpeg"),
            in: .photos, if: .none)
        let shown = try await verify(stage, "--all", "--orphan-age", "0", "--repair")
        #expect(shown.kinds[photo.id]?.contains("orphaned") == false, "\(shown.text)")
        #expect(try await objects() == 4)
        await stage.target.close()
    }

    private func generations(_ stage: BatchStage) async throws -> [String: Int] {
        var ids: [String] = []
        try await stage.store.records.records(of: .everything) { page in
            ids += page.map(\.id)
            return true
        }
        return try await stage.store.queue.jobs(ids).mapValues(\.generation)
    }

    @Test(arguments: ChaosStore.allCases)
    func aRepairMayRenderHere(_ kind: ChaosStore) async throws {
        let stage = try await BatchStage(kind)
        let photos = try await stage.upload(count: 3)
        try await stage.renderAll()
        let key = try await stage.key(photos[1], .thumbnail)
        try await stage.store.objects.delete(.renditions, key: key)
        let repair = try await stage.run("verify", "--gallery", "g", "--repair", "--now")
        #expect(repair.status == 0, "\(repair.errors)")
        #expect(repair.output.contains("1 problems (1 missing), 1 of them repaired"), "\(repair.output)")
        #expect(try await stage.store.objects.head(.renditions, key: key) != nil)
        #expect(try await verify(stage, "--all").kinds.isEmpty)
        #expect(try await stage.store.queue.job(photos[0].id)?.fence == 1, "the others were left alone")
        await stage.target.close()
    }

    /// A worker that has written its objects and not yet its record looks like damage from outside.
    @Test(arguments: ChaosStore.allCases)
    func aPhotoInAWorkersHandsIsLeftAlone(_ kind: ChaosStore) async throws {
        let stage = try await BatchStage(kind)
        let photo = try await stage.upload()
        try await stage.renderAll()
        try await stage.target.keep(
            Photographer(attributes: ["watermark_enabled": .bool(true), "watermark_text": .string("new")]), as: "u")
        try await stage.store.queue.enqueue(photo, lane: .batch)
        let worker = try stage.start("worker", "--drain", settings: ["CHAOS_STOP_AT": "published"])
        defer { worker.signal(SIGKILL) }
        let old = try await stage.record(photo)["large_checksum"]
        let key = try await stage.key(photo, .large)
        try await eventually("its objects are written") {
            try await stage.store.objects.head(.renditions, key: key)?.metadata["checksum"] != old
        }
        let found = try await verify(stage, "--all", "--repair", "--orphan-age", "0")
        #expect(found.status == 0, "\(found.text)")
        #expect(found.number("in_queue") == 1)
        #expect(try await stage.store.queue.job(photo.id)?.generation == 2)
        worker.signal(SIGCONT)
        #expect(try await worker.wait().status == 0)
        #expect(try await verify(stage, "--all").kinds.isEmpty)
        await stage.target.close()
    }

    @Test(arguments: ChaosStore.allCases)
    func aRepairRacesWithWorkersSafely(_ kind: ChaosStore) async throws {
        let stage = try await BatchStage(kind)
        let photos = try await stage.upload(count: 24)
        try await stage.renderAll()
        for photo in photos.prefix(8) {
            try await stage.store.objects.delete(.renditions, key: try await stage.key(photo, .small))
        }
        let batch = try await stage.run("rerender", "--all", "--force", "--detach")
        #expect(batch.status == 0, "\(batch.errors)")
        let workers = try (0..<2).map { _ in try stage.start("worker", "--drain") }
        repeat {
            let found = try await verify(stage, "--all", "--bytes", "--repair", "--orphan-age", "0")
            #expect(found.status == 0, "\(found.text)")
            #expect(!found.kinds.values.contains { $0.contains("orphaned") }, "\(found.text)")
        } while workers.contains { $0.isRunning }
        for worker in workers { #expect(try await worker.wait().status == 0) }
        try await stage.renderAll()
        let end = try await verify(stage, "--all", "--bytes", "--orphan-age", "0")
        #expect(end.kinds.isEmpty, "\(end.text)")
        #expect(end.number("objects") == 24 * 4)
        await stage.target.close()
    }
}
