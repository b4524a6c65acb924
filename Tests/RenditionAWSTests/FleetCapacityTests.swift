import Foundation
import Logging
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Synchronization
import Testing

/// What a photo costs in requests and DynamoDB's capacity, by the length of the queue and the number of workers.
@Suite("A fleet's requests a photo", .serialized, .timeLimit(.minutes(30)))
struct FleetCapacityTests {
    /// What some workers sent for some photos, once all of these were in the queue.
    private struct Run: Encodable {
        var workers: Int
        var backlog: Int
        /// Milliseconds that a render takes; each worker renders one photo at a time.
        var render: Int
        var seconds: Double
        var counts: [String: RequestMeter.Count]

        private func units(_ calls: [String]) -> Double {
            calls.reduce(0) { $0 + (counts["DynamoDB \($1)"]?.units ?? 0) } / Double(backlog)
        }

        /// A photo's write units.
        var written: Double { units(["PutItem", "UpdateItem"]) }
        /// A photo's read units.
        var read: Double { units(["GetItem", "BatchGetItem", "Query", "Scan"]) }
        /// What a photo's units cost, in read units: on demand, a write unit costs five of them.
        var price: Double { 5 * written + read }
        /// A photo's requests to DynamoDB.
        var requests: Double {
            Double(counts.filter { $0.key.hasPrefix("DynamoDB") }.reduce(0) { $0 + $1.value.requests })
                / Double(backlog)
        }
    }

    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func run(workers: Int, backlog: Int, render: Int) async throws -> Run {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        let urls = PublicURLs(endpoint: platform.emulator.endpoint, names: platform.buckets)
        let feeder = try await platform.open(owner: "feeder")
        for index in 0..<backlog {
            let id = try await platform.upload([1], as: "\(index).jpg", gallery: "gallery-\(index % 10)")
            _ = try await feeder.queue.adopt(PhotoRef(id: id, galleryID: "gallery-\(index % 10)"), lane: .fresh)
        }
        await feeder.close()

        var stores: [AWSStore] = []
        for index in 0..<workers { stores.append(try await platform.open(owner: "w\(index)", settingUp: false)) }
        let done = Mutex(0)
        let all = Bell()
        let fleet = stores.enumerated().map { index, store in
            let configuration = WorkerConfiguration(owner: "w\(index)", renderWidth: 1, urls: urls)
            let renderer = StubRenderer { _, _ in Thread.sleep(forTimeInterval: Double(render) / 1000) }
            return Worker(store: store, renderer: renderer, configuration: configuration, logger: quiet) { report in
                let count = done.withLock { count in
                    if report.outcome == .done { count += 1 }
                    return count
                }
                if count == backlog { all.ring() }
            }
        }
        let began = ContinuousClock.now
        let tasks = fleet.map { worker in Task { await worker.run() } }
        await all.wait(atMost: .seconds(900))
        let seconds = (ContinuousClock.now - began).seconds
        #expect(done.withLock { $0 } == backlog)
        var counts: [String: RequestMeter.Count] = [:]
        for store in stores {
            for (call, count) in store.meter.counts {
                counts[call, default: RequestMeter.Count()].requests += count.requests
                counts[call, default: RequestMeter.Count()].retries += count.retries
                counts[call, default: RequestMeter.Count()].units += count.units
            }
        }
        for worker in fleet { worker.stop() }
        for task in tasks { _ = await task.value }
        for store in stores { await store.close() }
        await platform.close()
        return Run(workers: workers, backlog: backlog, render: render, seconds: seconds, counts: counts)
    }

    @Test func aPhotoCostsAsMuchWhateverWaitsAndWhoeverWorks() async throws {
        let short = try await Self.run(workers: 1, backlog: 40, render: 20)
        let long = try await Self.run(workers: 1, backlog: 640, render: 20)
        let shared = try await Self.run(workers: 8, backlog: 640, render: 200)
        // Requests vary with the time that it takes: looks for new photos, sweeps, idle polls at the end. What one worker saw
        // others take as well, and look again, the slower the machine the more often: that costs reads alone.
        for (run, base, reads) in [(long, short, 1.25), (shared, long, 2)] {
            #expect(run.written <= base.written * 1.15, "write units: \(run.written) after \(base.written)")
            #expect(run.read <= base.read * reads + 0.5, "read units: \(run.read) after \(base.read)")
            #expect(run.price <= base.price * 1.1, "price: \(run.price) after \(base.price)")
            #expect(run.requests <= base.requests * 1.6, "requests: \(run.requests) after \(base.requests)")
        }
    }

    /// Run by `benchmarks/fleet/measure`.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["RENDITIONS_FLEET"] != nil))
    func measure() async throws {
        for (workers, backlog) in [(1, 50), (1, 200), (1, 800), (2, 200), (4, 200), (8, 50), (8, 200), (8, 800)] {
            let run = try await Self.run(workers: workers, backlog: backlog, render: 100 * workers)
            print("RUN", String(decoding: try JSONEncoder().encode(run), as: UTF8.self))
        }
    }
}
