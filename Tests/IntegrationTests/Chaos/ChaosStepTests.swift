import Foundation
import RenditionCore
import RenditionTestKit
import Testing

/// Workers that die, fall asleep or are overtaken at a step of their own choice.
@Suite("A worker's steps", .serialized, .timeLimit(.minutes(10)))
struct ChaosStepTests {
    private let folder = TestFolder()
    private let truth: ChaosTruth
    private let settings = [
        "RENDITIONS_LEASE_SECONDS": "5", "RENDITIONS_THREADS": "1", "RENDITIONS_RETRY_MS": "5",
        "RENDITIONS_MAX_ATTEMPTS": "10",
    ]

    init() throws { truth = try ChaosTruth() }

    private func scene(_ store: ChaosStore) async throws -> ChaosScene {
        ChaosScene(try await store.target(in: folder), truth)
    }

    /// A new photo with which a worker comes to a step.
    private func upload(for point: KillPoint, _ scene: ChaosScene) async throws {
        let isBroken = [.failure, .burial].contains(point)
        let photo = ChaosBook.Photo(point.rawValue, of: "u", isBroken ? ChaosBook.Photo.broken : "tiny.jpg")
        try await scene.upload(photo, fence: point == .release ? 7 : nil)
        if point == .retry { try await scene.deleteOriginal(photo) }
    }

    private func end(_ scene: ChaosScene, _ workers: [ChaosWorker]) async throws -> Evidence {
        let (violations, evidence) = try await scene.judge(workers)
        #expect(violations == [])
        await scene.target.close()
        return evidence
    }

    @Test("A worker killed at any step leaves nothing undone", arguments: ChaosStore.allCases)
    func killed(_ store: ChaosStore) async throws {
        let scene = try await scene(store)
        var workers: [ChaosWorker] = []
        for point in KillPoint.ofPhotos {
            try await upload(for: point, scene)
            workers.append(try await ChaosWorker(scene, settings.merging(["CHAOS_KILL_AT": point.rawValue]) { $1 }))
            try await workers.last?.dies(noting: scene.book)
        }
        workers.append(try await ChaosWorker(scene, settings))
        try await scene.settle(within: .seconds(60))
        let evidence = try await end(scene, workers)
        let reaped = evidence.histories.values.joined().count { $0.kind == .reaped }
        #expect(reaped > 0, "photos of dead workers were taken up")
    }

    /// FencingTests do the same on DynamoDB and S3, at the requests.
    @Test("A worker that sleeps past its lease at any step changes nothing when it wakes")
    func asleep() async throws {
        let scene = try await scene(.embedded)
        var sleepers: [ChaosWorker] = []
        // While four renditions are written, others than the sleeping thread hold the database's lock, which nobody could have.
        for point in KillPoint.ofPhotos where ![.write, .publish].contains(point) {
            try await upload(for: point, scene)
            sleepers.append(try await ChaosWorker(scene, settings.merging(["CHAOS_STOP_AT": point.rawValue]) { $1 }))
            try await sleepers.last?.stands(noting: scene.book)
        }
        for photo in scene.book.photos where photo.fate == .rendered {
            try await scene.overwrite(photo, with: "orientation-1.jpg")
            #expect(try await scene.hook([photo.key]).wait().status == 0)
        }
        let heir = try await ChaosWorker(scene, settings)
        try await scene.settle(within: .seconds(60))
        await scene.look()
        for sleeper in sleepers { sleeper.signal(SIGCONT) }
        _ = try await end(scene, sleepers + [heir])
    }

    @Test("What changes during a rendering counts", arguments: ChaosStore.allCases)
    func overtaken(_ store: ChaosStore) async throws {
        let changes: [@Sendable (ChaosScene, ChaosBook.Photo) async throws -> Void] = [
            { try await $0.overwrite($1, with: "orientation-1.jpg") },
            { try await $0.deleteOriginal($1) },
            { try await $0.delete($1) },
            { scene, _ in _ = try await scene.set("w", brightness: 8, watermark: true) },
        ]
        let scene = try await scene(store)
        var workers: [ChaosWorker] = []
        for (number, change) in changes.enumerated() {
            let photo = ChaosBook.Photo("photo-\(number)", of: number == 3 ? "w" : "u", "tiny.jpg")
            try await scene.upload(photo)
            let worker = try await ChaosWorker(scene, settings.merging(["CHAOS_STOP_AT": "render"]) { $1 })
            workers.append(worker)
            try await worker.stands(noting: scene.book)
            try await change(scene, photo)
            _ = try await scene.hook([photo.key], patience: 0).wait()
            worker.signal(SIGCONT)
            try await scene.settle(within: .seconds(60))
            _ = try await worker.end()
        }
        _ = try await end(scene, workers)
    }
}
