import Foundation
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

/// Several worker processes on one queue in DynamoDB.
@Suite("A fleet of workers", .timeLimit(.minutes(15)))
struct FleetTests {
    /// Uploads small photos, several at once.
    private func upload(_ count: Int, to gallery: String, _ platform: AWSPlatform) async throws -> [String] {
        let bytes = Corpus.samples.bytes("tiny.jpg")
        return try await withThrowingTaskGroup(of: String.self) { group in
            for index in 0..<count {
                if index >= 8, try await group.next() == nil { break }
                group.addTask { try await platform.upload(bytes, as: "photo-\(index).jpg", gallery: gallery) }
            }
            return []
        }
    }

    private func platform(_ emulator: Emulator? = nil) async throws -> AWSPlatform {
        var server = emulator
        if server == nil { server = try await Emulator.shared() }
        let platform = try await AWSPlatform.make(on: try #require(server))
        let setup = try await Renditions.run(["setup"], platform.environment)
        try #require(setup.status == 0, "\(setup.errors)")
        return platform
    }

    /// All records of the platform.
    private func records(_ platform: AWSPlatform) async throws -> [PhotoRecord] {
        var records: [PhotoRecord] = []
        try await platform.dynamo.readAll(DynamoDB.Reading(platform.tables.photos)) { page in
            records += page.items.map(PhotoRecord.init(attributes:))
            return true
        }
        return records
    }

    @Test func eightWorkersRender500PhotosOnceEach() async throws {
        let platform = try await platform()
        for gallery in 0..<10 { _ = try await upload(50, to: "gallery-\(gallery)", platform) }
        let workers = try (0..<8).map { _ in
            try Renditions.start(["worker", "--drain", "--json", "--threads", "1"], platform.environment)
        }
        var rendered: [String] = []
        var attempts: Set<Int> = []
        for worker in workers {
            let result = try await worker.wait()
            #expect(result.status == 0, "\(result.errors.suffix(2000))")
            for report in try Renditions.reports(result.output) {
                #expect(report["outcome"] as? String == "done", "\(report)")
                #expect(report["alreadyCurrent"] as? Bool == false)
                rendered.append(report["photo"] as? String ?? "")
                attempts.insert(report["attempt"] as? Int ?? 0)
            }
        }
        // Counted from what was rendered, not from the records.
        #expect(rendered.count == 500)
        #expect(Set(rendered).count == 500)
        #expect(attempts == [1])
        #expect(try await records(platform).count { $0.status == "active" && $0.fence == 1 } == 500)
    }

    @Test(arguments: [200, 400])
    func aLargeGalleryDoesNotStarveASmallOne(_ size: Int) async throws {
        let platform = try await platform()
        _ = try await upload(size, to: "large", platform)
        _ = try await upload(5, to: "small", platform)
        // Queued beforehand, so that all are due when the first is claimed.
        let store = try await platform.open(settingUp: false)
        while try await store.queue.depth().due < size + 5 { _ = try await store.tend() }
        await store.close()
        let worker = try Renditions.start(["worker", "--drain", "--json", "--threads", "1"], platform.environment)
        func galleries() -> [String] {
            ((try? Renditions.reports(worker.output)) ?? []).compactMap { $0["gallery"] as? String }
        }
        while galleries().count(where: { $0 == "small" }) < 5, worker.isRunning {
            try await Task.sleep(for: .milliseconds(50))
        }
        worker.signal(SIGKILL)
        let order = galleries()
        let last = try #require(order.lastIndex(of: "small"))
        #expect(last < 60, "the small gallery was done after \(last) photos of \(size)")
    }

    @Test func aStopFinishesWhatIsInHandAndHandsTheRestBack() async throws {
        let platform = try await platform()
        for index in 0..<8 {
            try await platform.upload(Corpus.samples.bytes("DSC_0001.JPG"), as: "DSC_\(index).JPG")
        }
        let worker = try Renditions.start(["worker", "--json"], platform.environment)
        while worker.output.isEmpty, worker.isRunning { try await Task.sleep(for: .milliseconds(20)) }
        worker.signal(SIGTERM)
        let result = try await worker.wait()
        #expect(result.status == 0, "\(result.errors)")
        let store = try await platform.open(settingUp: false)
        let depth = try await store.queue.depth()
        #expect(depth.leased == 0)
        for record in try await records(platform) where record.status != "active" {
            let job = try await store.queue.job(record.id)
            #expect(job?.attempts ?? 0 == 0, "a stop counts no attempt")
        }
        await store.close()
        let rest = try await Renditions.run(["worker", "--drain", "--json"], platform.environment)
        #expect(rest.status == 0)
        let reports = try Renditions.reports(result.output) + Renditions.reports(rest.output)
        #expect(reports.filter { $0["outcome"] as? String == "done" }.count == 8)
        #expect(try await records(platform).allSatisfy { $0.status == "active" })
    }

    @Test func aRestartOfTheStoreEndsWithEveryPhotoDone() async throws {
        // One of its own: it is taken away from under the workers.
        let emulator = try await Emulator.start(folder: TestFolder())
        let platform = try await platform(emulator)
        _ = try await upload(60, to: "g", platform)
        let workers = try (0..<2).map { _ in
            try Renditions.start(["worker", "--drain", "--json", "--threads", "1"], platform.environment)
        }
        while workers.reduce(0, { $0 + $1.output.count { $0 == "\n" } }) < 12 {
            try #require(workers.contains { $0.isRunning })
            try await Task.sleep(for: .milliseconds(20))
        }
        try await emulator.restart()
        var done: [String] = []
        for worker in workers {
            let result = try await worker.wait()
            #expect(result.status == 0, "\(result.errors.suffix(2000))")
            for report in try Renditions.reports(result.output) {
                #expect(report["attempt"] as? Int == 1, "an outage counts no attempt: \(report)")
                if report["outcome"] as? String == "done" { done.append(report["photo"] as? String ?? "") }
            }
        }
        #expect(Set(done).count == 60)
        let records = try await records(platform)
        #expect(records.count == 60)
        #expect(records.allSatisfy { $0.status == "active" })
        await emulator.stop()
    }
}
