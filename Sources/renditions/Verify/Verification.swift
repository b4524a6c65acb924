import RenditionCore
import Synchronization

/// Goes through records and objects, and repairs where it is told to.
struct Verification: Sendable {
    let store: any PhotoStore
    let scope: PhotoScope
    let examination: PhotoExamination
    /// Whether to repair.
    let repairs: Bool
    /// How old an object must be to be called orphaned.
    let orphanAge: Duration
    /// Told of each problem, once it was repaired where it was.
    let onProblem: @Sendable (Problem) -> Void

    /// What was found.
    struct Result: Sendable, Encodable {
        var photos = 0
        /// Photos in the queue, which weren't looked at.
        var inQueue = 0
        var objects = 0
        /// By kind.
        var problems: [String: Int] = [:]
        var repaired = 0
        /// Photos that a repair queued, for whoever renders them here.
        var queued: [PhotoRef] = []

        var unrepaired: Int { problems.values.reduce(0, +) - repaired }

        private enum CodingKeys: String, CodingKey {
            case photos, objects, problems, repaired
            case inQueue = "in_queue"
        }

        mutating func note(_ problem: Problem) {
            problems[problem.kind.rawValue, default: 0] += 1
            if problem.repaired != nil { repaired += 1 }
        }
    }

    /// Photos that are looked at at once.
    private static let width = 8
    /// Rows that the queue reads at once.
    private static let batch = 100

    func run() async throws -> Result {
        var result = Result()
        // What isn't in this scope isn't known, and what isn't known may not be called orphaned.
        let prefix: String? =
            switch scope {
            case .gallery(let id): "renditions/\(id)/"
            case .everything: "renditions/"
            case .photos, .user: nil
            }
        var orphans = OrphanSearch(store, instructions: examination.instructions, age: orphanAge)
        try await store.records.records(of: scope) { page in
            var rest = page[...]
            while !rest.isEmpty {
                try Task.checkCancellation()
                let records = Array(rest.prefix(Self.batch))
                rest = rest.dropFirst(records.count)
                if prefix != nil { for record in records { orphans.expect(record) } }
                let jobs = try await store.queue.jobs(records.map(\.id))
                for (record, outcome) in try await outcomes(records, jobs) {
                    result.photos += 1
                    switch outcome {
                    case .gone: break
                    case .inQueue: result.inQueue += 1
                    case .problems(let problems): try await settle(problems, record, &result)
                    }
                }
            }
            return true
        }
        if let prefix {
            let search = orphans
            result.objects = try await search.run(below: prefix) { problem in
                guard let told = repairs ? try await delete(problem, search) : problem else { return }
                result.note(told)
                onProblem(told)
            }
        }
        if repairs { store.doorbell.ring() }
        return result
    }

    private func outcomes(
        _ records: [PhotoRecord], _ jobs: [String: Job]
    ) async throws -> [(PhotoRecord, PhotoExamination.Outcome)] {
        try await withThrowingTaskGroup(of: (Int, PhotoExamination.Outcome).self) { group in
            var outcomes = [PhotoExamination.Outcome?](repeating: nil, count: records.count)
            for (index, record) in records.enumerated() {
                if index >= Self.width, let (done, outcome) = try await group.next() { outcomes[done] = outcome }
                group.addTask { (index, try await examination.outcome(record, jobs[record.id])) }
            }
            for try await (done, outcome) in group { outcomes[done] = outcome }
            return zip(records, outcomes).map { ($0, $1 ?? .gone) }
        }
    }

    // MARK: Repair

    private func settle(_ problems: [Problem], _ record: PhotoRecord, _ result: inout Result) async throws {
        var problems = problems
        let photo = PhotoRef(id: record.id, galleryID: record.galleryID)
        if repairs, problems.contains(where: { $0.kind.isRendered || $0.kind == .unqueued }) {
            let isOwed = problems.contains { $0.kind == .unqueued }
            if isOwed {
                // As an upload that was missed: somebody waits for it.
                if try await !store.queue.adopt(photo, lane: .fresh) {
                    try await store.queue.enqueue(photo, lane: .fresh)
                }
            } else {
                try await store.queue.enqueue(photo, lane: .batch, note: JobNote(isForced: true))
            }
            result.queued.append(photo)
            for index in problems.indices where problems[index].kind.isRendered || problems[index].kind == .unqueued {
                problems[index].repaired = "queued"
            }
        }
        for problem in problems {
            result.note(problem)
            onProblem(problem)
        }
    }

    /// Deletes an orphan that is still one.
    ///
    /// - Returns: nil where it isn't.
    private func delete(_ problem: Problem, _ search: OrphanSearch) async throws -> Problem? {
        guard problem.kind == .orphaned, let key = problem.key else { return problem }
        guard var orphan = try await search.judge(key), orphan.kind == .orphaned else { return nil }
        try await store.objects.delete(.renditions, key: key)
        orphan.repaired = "deleted"
        return orphan
    }
}
