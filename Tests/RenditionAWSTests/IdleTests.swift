import Logging
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Synchronization
import Testing

/// What workers ask of DynamoDB while there is nothing to do, and before the first thing that they do.
@Suite("An idle worker", .serialized, .timeLimit(.minutes(5)))
struct IdleTests {
    private static let urls = PublicURLs(endpoint: "http://localhost", names: BucketNames())
    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func worker(
        _ store: AWSStore, _ name: String, silence: Duration, onPhoto: @escaping @Sendable () -> Void = {}
    ) -> Worker {
        let configuration = WorkerConfiguration(owner: name, silence: silence, urls: urls)
        return Worker(store: store, renderer: StubRenderer(), configuration: configuration, logger: quiet) { _ in
            onPhoto()
        }
    }

    /// Intervals between the requests of each kind that were sent; one more request than that began before.
    private static func intervals(_ later: RequestMeter, since before: [String: RequestMeter.Count]) -> [String: Int] {
        var intervals: [String: Int] = [:]
        for (call, count) in later.counts {
            let more = count.requests - (before[call]?.requests ?? 0)
            if more > 1 { intervals[call] = more - 1 }
        }
        return intervals
    }

    @Test func sendsAtMost1500RequestsAnHour() async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        let silence = Duration.seconds(600)
        let names = ["keeper", "follower"]
        var stores: [AWSStore] = []
        var runs: [(worker: Worker, task: Task<Int, Never>)] = []
        for name in names {
            let store = try await platform.open(owner: name, silence: silence, settingUp: stores.isEmpty)
            let worker = Self.worker(store, name, silence: silence)
            stores.append(store)
            runs.append((worker, Task { await worker.run() }))
            // Until it has taken the office, or seen that somebody has it.
            while store.meter.counts["DynamoDB Scan"] == nil { try await Task.sleep(for: .milliseconds(20)) }
            try await Task.sleep(for: .seconds(1))
        }
        let before = stores.map(\.meter.counts)
        let time = Duration.seconds(40)
        try await Task.sleep(for: time)
        for (index, name) in names.enumerated() {
            let intervals = Self.intervals(stores[index].meter, since: before[index])
            let anHour = Double(intervals.values.reduce(0, +)) * 3600 / time.seconds
            #expect(anHour <= 1500, "\(name): \(intervals)")
            // It hasn't fallen asleep.
            #expect(anHour >= 600, "\(name): \(intervals)")
        }
        for run in runs { run.worker.stop() }
        for run in runs { _ = await run.task.value }
        for store in stores { await store.close() }
        await platform.close()
    }

    /// The requests of a worker that starts, up to its first claim, but for those to S3.
    private static func beforeTheFirstClaim(onQueue: Bool) async throws -> [String] {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        let store = try await platform.open()
        let id = try await platform.upload([1], as: "a.jpg")
        if onQueue { _ = try await store.queue.adopt(PhotoRef(id: id, galleryID: "g"), lane: .fresh) }
        await store.close()
        let proxy = try await FaultProxy.start(upstream: platform.emulator.endpoint)
        let sent = Mutex<[String]>([])
        proxy.onRequest { seen in
            let isClaim = seen.target == "UpdateItem" && seen.body.contains(#"{"S":"leased"}"#)
            sent.withLock { $0.append(isClaim ? "claim" : seen.name) }
            return .pass
        }
        let late = try await platform.open(endpoint: proxy.endpoint, settingUp: false)
        let done = Bell()
        let worker = Self.worker(late, "w", silence: .seconds(20)) { done.ring() }
        let run = Task { await worker.run() }
        await done.wait(atMost: .seconds(120))
        worker.stop()
        _ = await run.value
        await late.close()
        #expect(try await platform.record(id)?.status == PhotoStatus.active)
        await proxy.stop()
        await platform.close()
        return sent.withLock { Array($0.prefix { $0 != "claim" }) }
    }

    @Test func claimsAQueuedPhotoByItsFirstLook() async throws {
        let sent = try await Self.beforeTheFirstClaim(onQueue: true)
        // Beside the claim, it stands for the office, looks for new photos and may begin to sweep.
        #expect(sent.count { $0 == "DynamoDB.Scan" } <= 2, "\(sent)")
        #expect(sent.count <= 9, "\(sent)")
    }

    @Test func claimsANewPhotoAfterOneLook() async throws {
        let sent = try await Self.beforeTheFirstClaim(onQueue: false)
        #expect(sent.count { $0 == "DynamoDB.Query" } <= 2, "\(sent)")
        #expect(sent.count { $0 == "DynamoDB.PutItem" } == 1, "\(sent)")
        #expect(sent.count <= 12, "\(sent)")
    }
}
