import Foundation
import RenditionCore
import RenditionTestKit
import Testing

/// The embedded store on a disk that is full, read-only or fails at fsync for a while.
@Suite("Broken disks", .serialized, .timeLimit(.minutes(10)))
struct BrokenDiskTests {
    private let folder = TestFolder()

    /// SQLite doesn't tell a read-only disk from one that fails.
    private static func says(_ errors: String, _ trouble: BrokenDisk.Trouble) -> Bool {
        switch trouble {
        case .full: errors.contains("The disk is full")
        case .readOnly: errors.contains("The store's disk is read-only") || errors.contains("can't be written")
        case .failing: errors.contains("The disk failed or can't be written")
        }
    }

    @Test(arguments: BrokenDisk.Trouble.allCases)
    func aWorkerWaitsUntilItIsMended(_ trouble: BrokenDisk.Trouble) async throws {
        let scene = ChaosScene(try await ChaosStore.embedded.target(in: folder), try ChaosTruth())
        let worker = try await ChaosWorker(
            scene, ["RENDITIONS_LEASE_SECONDS": "5", "CHAOS_STOP_AT": "render:2", "RENDITIONS_THREADS": "1"])
        try await scene.upload(ChaosBook.Photo("before", of: "u", "tiny.jpg"))
        try await scene.settle(within: .seconds(60))
        let photo = ChaosBook.Photo("during", of: "u", "orientation-1.jpg")
        try await scene.upload(photo)
        try await worker.stands(noting: scene.book)
        try worker.disk?.fail(trouble)
        scene.book.note(trouble.fault, worker.name, to: ChaosBook.now + .seconds(60))
        worker.signal(SIGCONT)
        try await eventually("it says what is wrong, and claims nothing") {
            Self.says(worker.current.errors, trouble) && worker.current.errors.contains("no photo is claimed")
        }
        // Nothing is half there: each object is whole.
        for key in try await scene.target.store.objects.keys(.renditions, prefix: "") {
            #expect(try await scene.target.store.objects.get(.renditions, key: key, limit: 1 << 20) != nil)
        }
        #expect(worker.current.isRunning)
        worker.disk?.mend()
        try await scene.settle(within: .seconds(60))
        let (violations, evidence) = try await scene.judge([worker])
        #expect(violations == [])
        #expect(evidence.records[photo.id]?.status == PhotoStatus.active)
        #expect(evidence.histories[photo.id]?.contains { $0.kind == .retry } == false, "no attempt is burnt")
        #expect(evidence.reports.allSatisfy { $0.attempt == 1 })
        await scene.target.close()
    }

    @Test(arguments: [BrokenDisk.Trouble.full, .readOnly])
    func aWorkerThatStartsOnItSaysSo(_ trouble: BrokenDisk.Trouble) async throws {
        let target = try await ChaosStore.embedded.target(in: folder)
        let disk = try #require(try await target.disk())
        try disk.fail(trouble)
        let result = try await Renditions.run(
            ["worker"], target.environment(through: nil).merging(disk.environment) { $1 })
        #expect(result.status == 74, "\(result.errors)")
        #expect(Self.says(result.errors, trouble), "\(result.errors)")
        await target.close()
    }
}
