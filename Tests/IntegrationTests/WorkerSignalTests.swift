import Foundation
import RenditionTestKit
import Testing

/// How the worker process ends.
@Suite("Signals", .serialized, .timeLimit(.minutes(5)))
struct WorkerSignalTests {
    private let folder = TestFolder()
    private var store: String { "local:\(folder.path("store"))" }

    /// A worker that has begun with a large photo.
    private func busyWorker(_ environment: [String: String] = [:]) async throws -> (Command, [String]) {
        let samples = ["DSC_0001.JPG", "DSC_0002.JPG", "IMG_2031.jpg", "panorama.jpg"]
        let ids = try await Renditions.importing(samples.map { "\(Corpus.samples.folder)/\($0)" }, store)
        let worker = try Renditions.start(["worker", "--threads", "1", "--json", "--store", store], environment)
        var claimed = false
        while !claimed, worker.isRunning {
            try await Task.sleep(for: .milliseconds(20))
            for id in ids.values where !claimed {
                claimed = try await Renditions.show(id, store).state == "leased"
            }
        }
        return (worker, Array(ids.values))
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func aSignalFinishesWhatIsInHand(_ signal: Int32) async throws {
        let (worker, ids) = try await busyWorker()
        worker.signal(signal)
        let result = try await worker.wait()
        #expect(result.status == 0, "\(result.errors)")
        let finished = try Renditions.reports(result.output).filter { $0["outcome"] as? String == "done" }
        #expect(!finished.isEmpty)
        for id in ids {
            let story = try await Renditions.show(id, store)
            #expect(["done", "queued"].contains(story.state))
            #expect(story.job["attempts"] as? Int == 0, "what was handed back counts no attempt")
        }
        #expect(folder.files(below: "store/tmp") == ["lock"])
    }

    @Test func withoutGraceEverythingIsHandedBack() async throws {
        let (worker, ids) = try await busyWorker(["RENDITIONS_GRACE_SECONDS": "0"])
        worker.signal(SIGTERM)
        let result = try await worker.wait()
        #expect(result.status == 0, "\(result.errors)")
        for id in ids {
            let story = try await Renditions.show(id, store)
            #expect(["done", "queued"].contains(story.state))
            #expect(story.job["attempts"] as? Int == 0)
        }
        let after = try await Renditions.run(["worker", "--drain", "--store", store])
        #expect(after.status == 0)
        for id in ids { #expect(try await Renditions.show(id, store).status == "active") }
        #expect(folder.files(below: "store/tmp") == ["lock"], "the next worker tidies up")
    }

    @Test func aSecondSignalEndsItAtOnce() async throws {
        let (worker, _) = try await busyWorker(["RENDITIONS_GRACE_SECONDS": "3600"])
        // Stopped while the signals arrive, so that it sees the second before it can have finished.
        worker.signal(SIGTERM)
        while !worker.errors.contains("once more ends at once"), worker.isRunning {
            try await Task.sleep(for: .milliseconds(5))
        }
        worker.signal(SIGTERM)
        #expect(try await worker.wait().status == 128 + SIGTERM)
    }

    @Test func anIdleWorkerEndsAtOnce() async throws {
        let worker = try Renditions.start(["worker", "--store", store])
        while !worker.errors.contains("renders"), worker.isRunning { try await Task.sleep(for: .milliseconds(10)) }
        worker.signal(SIGTERM)
        #expect(try await worker.wait().status == 0)
    }
}
