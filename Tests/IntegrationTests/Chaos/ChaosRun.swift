import Foundation
import RenditionCore
import RenditionTestKit

/// A run: photographers and a nemesis at work on one store, then peace, then the checker.
///
/// The seed decides what is done, in which order and with which pauses; what the processes make of it is theirs.
final class ChaosRun: Sendable {
    struct Plan: Sendable {
        var seed: UInt64
        /// Things done by photographers or the nemesis.
        var steps = 60
        var workers = 3
        var lease = Duration.seconds(4)
        /// What each worker's process gets beside, by its number.
        var environments: [Int: [String: String]] = [:]
        /// Whether the store's own process is ended and started again half-way.
        var restarts = false
    }

    let target: any ChaosTarget
    let plan: Plan
    let book = ChaosBook()
    private let truth: ChaosTruth

    init(_ target: any ChaosTarget, _ plan: Plan, _ truth: ChaosTruth) {
        (self.target, self.plan, self.truth) = (target, plan, truth)
    }

    struct Outcome: Sendable {
        var violations: [ChaosChecker.Violation]
        var photos: Int
        var renders: Int
        /// Faults by kind.
        var faults: String
        /// What the workers said; for a failure's report.
        var logs: [String]
    }

    /// Does all of it.
    func go() async throws -> Outcome {
        let settings = [
            "RENDITIONS_LEASE_SECONDS": "\(plan.lease.components.seconds)", "RENDITIONS_RETRY_MS": "20",
            "RENDITIONS_MAX_ATTEMPTS": "8", "RENDITIONS_THREADS": "1", "RENDITIONS_GRACE_SECONDS": "5",
        ]
        var workers: [ChaosWorker] = []
        for number in 0..<plan.workers {
            workers.append(
                try await ChaosWorker(target, settings.merging(plan.environments[number] ?? [:]) { $1 }))
            if plan.environments[number] != nil { book.note(.clock, workers.last?.name) }
        }
        let nemesis = Nemesis(workers, target, book, lease: plan.lease, seed: plan.seed)
        let watcher = Task { [self] in await watch() }
        defer { watcher.cancel() }

        var random = SplitMix(seed: plan.seed)
        let generator = ChaosGenerator(target: target, book: book)
        var beside: [Command] = []
        for step in 0..<plan.steps {
            if let process = try await generator.act(&random) { beside.append(process) }
            if Int.random(in: 0..<3, using: &random) == 0 { try await nemesis.strike(&random) }
            if plan.restarts, step == plan.steps / 2 { try await nemesis.restart() }
            try await Task.sleep(for: .milliseconds(Int.random(in: 20...400, using: &random)))
            try nemesis.respawn()
        }
        try await nemesis.heal()
        for process in beside { _ = try await process.wait() }
        do {
            try await eventually("every photo has an end", within: .seconds(180)) {
                try nemesis.respawn()
                return try await isQuiet()
            }
        } catch is NeverSo {
            // The checker says what it is.
        }
        var broken: [String] = []
        for worker in workers {
            let end = try await worker.end()
            if end.status != 0 { broken.append("ended with \(end.status): \(end.errors)") }
        }
        watcher.cancel()
        await watcher.value
        // Tidies up what workers that were killed left, as every worker does when it starts.
        try await target.store.sweep()
        let evidence = try await gather(workers.flatMap { $0.reports() })
        var violations = ChaosChecker(evidence).violations
        violations += broken.map { .init(invariant: .ends, photo: "a worker", what: $0) }
        return Outcome(
            violations: violations, photos: evidence.photos.count,
            renders: evidence.reports.count { !$0.renditions.isEmpty },
            faults: book.tally, logs: workers.map(\.log))
    }

    private func isQuiet() async throws -> Bool {
        for photo in book.photos {
            let record = try await target.store.records.record(photo.id)
            let job = try await target.store.queue.job(photo.id)
            if record?.status == PhotoStatus.processing { return false }
            if record != nil, job == nil { return false }
            if let job, job.state != .done, job.state != .dead { return false }
        }
        return try await target.store.queue.depth().owed == 0
    }

    // MARK: Watching

    /// Looks again and again at what viewers see, and whether the machine keeps up.
    private func watch() async {
        while !Task.isCancelled {
            for photo in book.photos where photo.fate != .gone {
                let began = ContinuousClock.now
                await look(photo)
                if Task.isCancelled { return }
                try? await Task.sleep(for: .milliseconds(20))
                let took = ContinuousClock.now - began
                if took > .seconds(1) { book.note(.starved, nil, from: ChaosBook.now + (.zero - took)) }
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    private func look(_ photo: ChaosBook.Photo) async {
        if let record = try? await target.store.records.record(photo.id), record.fence > 0 {
            book.see(photo.id, fence: record.fence)
        }
        for size in RenditionSize.all {
            let key = ObjectKeys.rendition(galleryID: photo.galleryID, originalKey: photo.key, size: size)
            guard let info = try? await target.store.objects.head(.renditions, key: key),
                let fence = info.metadata["fence"].flatMap(Int.init)
            else { continue }
            book.see(key, fence: fence)
        }
    }

    // MARK: Gathering

    private func gather(_ reports: [PhotoReport]) async throws -> Evidence {
        let store = target.store
        var evidence = Evidence()
        for photo in book.photos {
            evidence.photos[photo.id] = Evidence.Photo(
                end: try await end(of: photo), galleryID: photo.galleryID, key: photo.key, changes: photo.changes)
            evidence.records[photo.id] = try await store.records.record(photo.id)
            evidence.jobs[photo.id] = try await store.queue.job(photo.id)
            evidence.histories[photo.id] = try await store.queue.history(photo.id)
        }
        for key in try await target.keys(.renditions) {
            guard let found = try await store.objects.get(.renditions, key: key, limit: 64 << 20) else { continue }
            evidence.renditions[key] = Evidence.Stored(
                checksum: Checksum.sha256(found.bytes), metadata: found.info.metadata)
        }
        evidence.originals = Set(try await target.keys(.photos))
        evidence.temporaries = try target.temporaries()
        evidence.sightings = book.sightings
        evidence.reports = reports
        evidence.faults = book.faults
        return evidence
    }

    private func end(of photo: ChaosBook.Photo) async throws -> Evidence.Photo.End {
        switch photo.fate {
        case .failed: return .failed
        case .lostOriginal: return .failedOrActive
        case .gone: return .gone
        case .rendered:
            let instructions = truth.instructions(book.settings(of: photo.userID))
            let etag = try await target.store.objects.head(.photos, key: photo.key)?.etag ?? ""
            return .active(
                recipe: truth.recipe(instructions, etag: etag),
                checksums: try truth.checksums(photo.sample, instructions))
        }
    }
}
