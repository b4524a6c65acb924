import Foundation
import RenditionCore
import RenditionTestKit
import Testing

/// Real workers under random faults: whatever happens, nothing is lost, nothing stale is seen, and nothing done twice.
///
/// `RENDITIONS_CHAOS_SEED` repeats a run's plan; `RENDITIONS_CHAOS_MINUTES` has rounds go on for so long, each with the
/// next seed.
@Suite("Chaos", .serialized, .timeLimit(.minutes(600)))
struct ChaosTests {
    private let folder = TestFolder()
    private let truth: ChaosTruth

    init() throws { truth = try ChaosTruth() }

    private static func number(_ name: String) -> Double? {
        ProcessInfo.processInfo.environment[name].flatMap(Double.init)
    }

    private func rounds(_ name: String, _ round: (ChaosRun.Plan) async throws -> ChaosRun.Outcome) async throws {
        let end = ContinuousClock.now + .seconds((Self.number("RENDITIONS_CHAOS_MINUTES") ?? 0) * 30)
        var seed = Self.number("RENDITIONS_CHAOS_SEED").map { UInt64($0) } ?? 6
        repeat {
            var plan = ChaosRun.Plan(seed: seed)
            plan.steps = Self.number("RENDITIONS_CHAOS_STEPS").map { Int($0) } ?? 60
            let began = ContinuousClock.now
            let outcome = try await round(plan)
            print(
                "chaos: \(name), RENDITIONS_CHAOS_SEED=\(seed): \(outcome.photos) photos, \(outcome.renders) renderings, "
                    + "\(outcome.violations.count) violations in \((ContinuousClock.now - began).components.seconds) s; "
                    + "faults: \(outcome.faults)")
            #expect(outcome.violations == [], "RENDITIONS_CHAOS_SEED=\(seed)")
            if !outcome.violations.isEmpty { try keep(outcome, name, seed) }
            seed += 1
        } while ContinuousClock.now < end
    }

    /// Keeps what the workers said where it can be read afterwards.
    private func keep(_ outcome: ChaosRun.Outcome, _ name: String, _ seed: UInt64) throws {
        for (number, log) in outcome.logs.enumerated() {
            let path = "\(NSTemporaryDirectory())/chaos-\(name)-\(seed)-worker-\(number).log"
            try Data(log.utf8).write(to: URL(fileURLWithPath: path))
            print("chaos: what worker \(number) said is in \(path)")
        }
    }

    @Test func onDynamoDBAndS3() async throws {
        let clock = try await WrongClock()
        try await rounds("aws") { plan in
            var plan = plan
            plan.environments = [2: clock.by(plan.seed.isMultiple(of: 2) ? 300 : -300)]
            plan.restarts = true
            let target = try await AWSTarget(on: try await Emulator.start(folder: TestFolder()))
            let outcome = try await ChaosRun(target, plan, truth).go()
            await target.store.close()
            await target.platform.close()
            await target.platform.emulator.stop()
            return outcome
        }
    }

    @Test func onTheEmbeddedStore() async throws {
        try await rounds("local") { plan in
            let target = try LocalTarget(folder.path("store-\(plan.seed)"))
            let outcome = try await ChaosRun(target, plan, truth).go()
            await target.store.close()
            return outcome
        }
    }
}
