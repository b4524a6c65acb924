import Foundation
import RenditionCore
import RenditionTestKit
import Testing

/// Real workers under random faults: whatever happens, nothing is lost, nothing stale is seen, and nothing done twice.
///
/// `CHAOS_SEED` repeats a run's plan. `CHAOS_SECONDS` has longer rounds go on for so long on each store, each with the next
/// seed; `CHAOS_STORE` names the one store (`aws`, `local`).
@Suite("Chaos", .serialized, .timeLimit(.minutes(1440)))
struct ChaosTests {
    private let folder = TestFolder()
    private let truth: ChaosTruth

    init() throws { truth = try ChaosTruth() }

    private static let environment = ProcessInfo.processInfo.environment
    private static func isMeant(_ store: String) -> Bool { environment["CHAOS_STORE"].map { $0 == store } ?? true }

    @Test(.enabled(if: isMeant("aws"))) func onDynamoDBAndS3() async throws {
        let clock = try await WrongClock()
        try await rounds("aws") { plan in
            var plan = plan
            plan.environments = [2: clock.by(plan.seed.isMultiple(of: 2) ? 300 : -300)]
            plan.restarts = true
            let target = try await AWSTarget(on: try await Emulator.start(folder: TestFolder()))
            let outcome = try await ChaosRun(scene: ChaosScene(target, truth), plan: plan).go()
            await target.close()
            await target.platform.emulator.stop()
            return outcome
        }
    }

    @Test(.enabled(if: isMeant("local"))) func onTheEmbeddedStore() async throws {
        try await rounds("local") { plan in
            let target = try LocalTarget(folder.path("store-\(plan.seed)"))
            let outcome = try await ChaosRun(scene: ChaosScene(target, truth), plan: plan).go()
            await target.close()
            return outcome
        }
    }

    private func rounds(_ name: String, _ round: (ChaosRun.Plan) async throws -> ChaosRun.Outcome) async throws {
        let began = ContinuousClock.now
        let seconds = Self.environment["CHAOS_SECONDS"].flatMap(Int.init)
        let first = Self.environment["CHAOS_SEED"].flatMap(UInt64.init) ?? 6
        var (seed, sum) = (first, Sum())
        repeat {
            var plan = ChaosRun.Plan(seed: seed)
            if seconds != nil {
                plan.steps = 150
                // The minute of nothing, now and then.
                if seed.isMultiple(of: 5) { plan.silence = .seconds(60) }
            }
            let outcome = try await round(plan)
            sum.add(outcome)
            let long = seconds == nil ? "" : " CHAOS_SECONDS=1"
            #expect(outcome.violations == [], "repeat with CHAOS_STORE=\(name) CHAOS_SEED=\(seed)\(long)")
            if !outcome.violations.isEmpty { try keep(outcome, name, seed) }
            if seconds != nil { say("\(name), seed \(seed): \(outcome.violations.count) violations") }
            seed += 1
        } while .now - began < .seconds(seconds ?? 0)
        say("\(name), seeds \(first)–\(seed - 1), \((.now - began).components.seconds) s: \(sum)")
    }

    /// What several rounds come to.
    private struct Sum: CustomStringConvertible {
        private var photos = 0, renders = 0, violations = 0
        private var faults: [Fault.Kind: Int] = [:]

        mutating func add(_ outcome: ChaosRun.Outcome) {
            photos += outcome.photos
            renders += outcome.renders
            violations += outcome.violations.count
            faults.merge(outcome.faults, uniquingKeysWith: +)
        }

        var description: String {
            let kinds = Fault.Kind.allCases.compactMap { kind in faults[kind].map { "\(kind.rawValue) \($0)" } }
            return "\(photos) photos, \(renders) renderings, \(violations) violations; "
                + "\(faults.values.reduce(0, +)) faults: \(kinds.joined(separator: ", "))"
        }
    }

    /// Keeps what the workers said where it can be read afterwards.
    private func keep(_ outcome: ChaosRun.Outcome, _ name: String, _ seed: UInt64) throws {
        for (number, log) in outcome.logs.enumerated() {
            let path = "\(NSTemporaryDirectory())/chaos-\(name)-\(seed)-worker-\(number).log"
            try Data(log.utf8).write(to: URL(fileURLWithPath: path))
            say("what worker \(number) said is in \(path)")
        }
    }

    /// Says it at once, also where the output goes into a file.
    private func say(_ text: String) { FileHandle.standardOutput.write(Data("chaos: \(text)\n".utf8)) }
}
