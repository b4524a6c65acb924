import Foundation
import RenditionCore
import RenditionLocal
import RenditionTestKit
import Testing

/// What a photo costs the embedded store when many others wait.
@Suite("The embedded store with a long queue", .serialized, .timeLimit(.minutes(5)))
struct GrowthTests {
    private static let lease = Duration.seconds(30)

    /// What each operation of one photo takes, on average: steps of SQLite's machine, and microseconds.
    private struct Cost {
        var steps = 0.0
        var microseconds = 0.0
    }

    /// A store of its own with so many photos in the queue, of a hundred galleries, and as many that are done.
    private final class Long {
        let store: LocalStore
        let steps = SQLiteSteps()
        private let folder = TestFolder()

        init(_ queued: Int) async throws {
            let path = folder.path("store")
            try await LocalStore(directory: path, creates: true).close()
            let now = SystemClock().now.milliseconds - 1_000_000
            try SQLiteShell.run(
                """
                PRAGMA synchronous = OFF;
                WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < \(queued * 2))
                INSERT INTO job (id, gallery_id, prio, gen, fence, attempts, state, q, due_at, enq_at)
                SELECT 'photo-' || i, 'gallery-' || (i % 100), 'fresh', 1, 0, 0,
                    CASE WHEN i % 2 THEN 'done' ELSE 'queued' END,
                    CASE WHEN i % 2 THEN NULL ELSE 1000 + (i / 2) % 16 END,
                    CASE WHEN i % 2 THEN NULL ELSE \(now) + i END, \(now) + i FROM n;
                INSERT INTO job_event (photo_id, at, kind, attempt) SELECT id, enq_at, 'queued', 0 FROM job;
                INSERT INTO photo (id, gallery_id, created_at, attributes)
                SELECT id, gallery_id, enq_at, '{"id":{"S":"' || id || '"},"s3_key":{"S":"' || gallery_id || '/' || id
                    || '.jpg"}}' FROM job;
                """, folder.path("store/store.sqlite"))
            store = try LocalStore(directory: path, creates: false) { [steps] in steps.follow($0) }
        }
    }

    private static func costs(queued: Int) async throws -> [(operation: String, cost: Cost)] {
        let long = try await Long(queued)
        let queue = long.store.queue
        var costs: [(operation: String, cost: Cost)] = []
        let photos = 48

        func measure<Result>(_ operation: String, _ body: () async throws -> Result) async throws -> Result {
            let (before, began) = (long.steps.count, ContinuousClock.now)
            let result = try await body()
            let time = ContinuousClock.now - began
            let cost = Cost(
                steps: Double(long.steps.count - before) / Double(photos),
                microseconds: time.seconds * 1e6 / Double(photos))
            costs.append((operation, cost))
            return result
        }

        // Connections are opened and statements prepared.
        _ = try await queue.job("none")
        let leases = try await measure("claim") {
            var leases: [Lease] = []
            for _ in 0..<photos { leases += try await queue.claim(upTo: 1, owner: "w", lease: lease) }
            return leases
        }
        #expect(leases.count == photos)
        try await measure("renew") {
            for each in leases { _ = try await queue.renew(each, for: lease) }
        }
        try await measure("sweep") { for _ in 0..<photos { _ = try await queue.reap() } }
        try await measure("finish") {
            for each in leases { _ = try await queue.finish(each, recipe: "r") }
        }
        try await measure("adopt") {
            for index in 0..<photos {
                _ = try await queue.adopt(PhotoRef(id: "new-\(index)", galleryID: "gallery-1"), lane: .fresh)
            }
        }
        try await measure("enqueue") {
            for index in 0..<photos {
                try await queue.enqueue(PhotoRef(id: "photo-\(index * 2 + 1)", galleryID: "gallery-1"), lane: .batch)
            }
        }
        let depth = try await measure("depth") {
            for _ in 1..<photos { _ = try await queue.depth() }
            return try await queue.depth()
        }
        #expect(depth.due == queued + photos)
        try await measure("by key") {
            for index in 0..<photos {
                let key = "gallery-\(index)/photo-\(index).jpg"
                let record = try await long.store.records.record(originalKey: key, searching: true)
                #expect(record?.id == "photo-\(index)")
            }
        }
        await long.store.close()
        return costs
    }

    @Test func costsAPhotoNoMoreThanAShortOne() async throws {
        let short = try await Self.costs(queued: 100)
        let long = try await Self.costs(queued: 100_000)
        for (before, after) in zip(short, long) {
            // Claims try lanes at random, and a short queue has some with few photos.
            #expect(
                after.cost.steps <= before.cost.steps * 1.25 + 20,
                "\(before.operation): \(before.cost.steps) steps with 100, \(after.cost.steps) with 100,000")
            #expect(before.cost.steps > 5, "\(before.operation) was not counted")
        }
    }

    /// Run by `benchmarks/growth/embedded`.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["RENDITIONS_GROWTH"] != nil))
    func table() async throws {
        let sizes = [100, 1000, 10_000, 100_000]
        var rows: [String: [String]] = [:]
        var order: [String] = []
        for size in sizes {
            for (operation, cost) in try await Self.costs(queued: size) {
                if rows[operation] == nil { order.append(operation) }
                rows[operation, default: []].append(
                    "\(Int(cost.steps.rounded())) · \(Int(cost.microseconds.rounded()))")
            }
        }
        print("| steps · µs | " + sizes.map { "\($0)" }.joined(separator: " | ") + " |")
        print("|---|" + sizes.map { _ in "---|" }.joined())
        for operation in order {
            print("| \(operation) | " + rows[operation, default: []].joined(separator: " | ") + " |")
        }
    }
}
