import Foundation
import RenditionCore
import RenditionTestKit

/// A run: photographers and a nemesis at work on one store, then peace, then the checker.
///
/// The seed decides what is done, in which order and with which pauses; what the processes make of it is theirs.
struct ChaosRun: Sendable {
    struct Plan: Sendable {
        var seed: UInt64
        /// Things done by photographers; a third as many by the nemesis.
        var steps = 60
        var workers = 3
        var lease = Duration.seconds(4)
        /// What each worker's process gets beside, by its number.
        var environments: [Int: [String: String]] = [:]
        /// Whether the store's own process is ended and started again half-way.
        var restarts = false
        /// How long nothing at all is answered at a third of the way; zero for not at all.
        var silence = Duration.zero
    }

    let scene: ChaosScene
    let plan: Plan

    struct Outcome: Sendable {
        var violations: [ChaosChecker.Violation]
        var photos: Int
        var renders: Int
        var faults: [Fault.Kind: Int]
        /// What the workers said; for a failure's report.
        var logs: [String]
    }

    /// Does all of it.
    func go() async throws -> Outcome {
        let settings = [
            "RENDITIONS_LEASE_SECONDS": "\(plan.lease.components.seconds)", "RENDITIONS_RETRY_MS": "5",
            "RENDITIONS_MAX_ATTEMPTS": "10", "RENDITIONS_THREADS": "1", "RENDITIONS_GRACE_SECONDS": "5",
        ]
        var workers: [ChaosWorker] = []
        for number in 0..<plan.workers {
            let beside = plan.environments[number]
            let worker = try await ChaosWorker(
                scene, settings.merging(beside ?? [:]) { $1 }, deaths: plan.seed &+ UInt64(number) &* 104_729)
            if beside != nil { scene.book.note(.clock, worker.name) }
            workers.append(worker)
        }
        let nemesis = Nemesis(workers, scene, lease: plan.lease, seed: plan.seed)
        let watcher = Task { await scene.watch() }
        defer { watcher.cancel() }

        var random = SplitMix(seed: plan.seed)
        let generator = ChaosGenerator(scene: scene)
        var hooks: [([String], Command)] = []
        for step in 0..<plan.steps {
            if let uploads = try await generator.act(&random) { hooks.append((uploads, try scene.hook(uploads))) }
            if Int.random(in: 0..<3, using: &random) == 0 { try await nemesis.strike(&random) }
            if plan.restarts, step == plan.steps / 2 { try await nemesis.restart() }
            if plan.silence > .zero, step == plan.steps / 3 { try await nemesis.silence(plan.silence) }
            try await Task.sleep(for: .milliseconds(Int.random(in: 20...400, using: &random)))
            try await nemesis.respawn()
        }
        try await nemesis.heal()
        // A hook that failed is told again, as the platform does.
        for (uploads, process) in hooks where try await process.wait().status != 0 {
            _ = try await scene.hook(uploads, patience: 0).wait()
        }
        try await scene.settle { try await nemesis.respawn() }
        watcher.cancel()
        await watcher.value
        let (violations, evidence) = try await scene.judge(workers)
        return Outcome(
            violations: violations, photos: evidence.photos.count,
            renders: evidence.reports.count { !$0.renditions.isEmpty },
            faults: Dictionary(grouping: evidence.faults, by: \.kind).mapValues(\.count), logs: workers.map(\.log))
    }
}
