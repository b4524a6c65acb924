import Foundation
import Logging
import RenditionCore
import RenditionTestKit
import Testing

@testable import renditions

/// What verification makes of records that changed while it went through them.
@Suite("Parts of the verification", .timeLimit(.minutes(2)))
struct VerifyPartsTests {
    @Test func aRecordThatChangedMeanwhileIsLookedAtAgain() async throws {
        let stage = try await BatchStage(.embedded)
        let photo = try await stage.upload("orientation-1.jpg")
        try await stage.renderAll()
        let old = try await stage.record(photo)
        let mark: [String: RecordValue] = ["watermark_enabled": .bool(true), "watermark_text": .string("new")]
        try await stage.target.keep(Photographer(attributes: mark), as: "u")
        #expect(try await stage.run("rerender", photo.id, "--now").status == 0)
        #expect(try await stage.record(photo)["large_checksum"] != old["large_checksum"])

        let instructions = RenderInstructions()
        let examination = PhotoExamination(
            store: stage.store,
            photographers: KnownPhotographers(stage.store, logos: LogoCache(), instructions: instructions),
            instructions: instructions,
            renderer: try Parts.renderer(
                Settings.load([:]), inProcess: true, logger: .init(label: "test")
            ).version, readsBytes: true)
        let job = try await stage.store.queue.job(photo.id)
        guard case .problems(let found) = try await examination.outcome(old, job) else {
            Issue.record("it is not in the queue")
            return
        }
        #expect(found.isEmpty, "\(found)")
        try await stage.store.queue.enqueue(photo, lane: .batch)
        guard case .inQueue = try await examination.outcome(old, job) else {
            Issue.record("it is in the queue now")
            return
        }
        await stage.target.close()
    }

    @Test func anObjectThatARecordNamesIsNoOrphan() async throws {
        let stage = try await BatchStage(.embedded)
        let photo = try await stage.upload()
        try await stage.renderAll()
        // Its record came after the others were read.
        let search = OrphanSearch(stage.store, instructions: RenderInstructions(), age: .zero)
        let key = try await stage.key(photo, .large)
        #expect(try await search.judge(key)?.kind == nil)
        _ = try await stage.store.queue.adopt(PhotoRef(id: "young", galleryID: "g"), lane: .fresh)
        let young = "renditions/g/young_large.jpg"
        _ = try await stage.store.objects.put(
            ObjectUpload(key: young, body: .bytes([1]), contentType: "image/jpeg", metadata: ["photo-id": "young"]),
            in: .renditions, if: .absent)
        #expect(try await search.judge(young)?.kind == nil, "its photo is in the queue")
        _ = try await stage.store.queue.claim("young", owner: "test", lease: .seconds(60))
        #expect(try await search.judge(young)?.kind == nil, "a worker has its photo")
        await stage.target.close()
    }
}
