import Foundation
import Logging
import RenditionCore
import RenditionLocal

/// Takes the turns of a benchmark and puts together what they came to.
struct Bench: Sendable {
    let plan: BenchPlan
    let settings: Settings
    let renderer: any PhotoRenderer
    let logger: Logger
    let interruption: Interruption
    /// Told what goes on, for whoever waits.
    let tell: @Sendable (String) -> Void

    /// - Parameters:
    ///   - store: What the worker works on; nil where only rendering is measured.
    ///   - name: Which store that is.
    func run(on store: (any PhotoStore)?, named name: String?) async throws -> BenchResult {
        let configuration = configuration
        var result = BenchResult(
            Surroundings(
                plan, settings, memoryBudget: configuration.memoryBudget, store: name, renderer: renderer.version))
        let rendering = RenderingTurn(
            renderer: renderer, instructions: settings.instructions, limits: settings.limits,
            interruption: interruption)
        // What is done only once in a process, such as starting libvips, belongs to no photo.
        _ = try await rendering.run(Array(plan.files.prefix(1)), width: 1)
        switch plan.kind {
        case .rendering:
            result.rendering = Measured(
                try await rounds { try await rendering.run(plan.files, width: plan.threads) }, threads: plan.threads)
        case .endToEnd, .overhead:
            guard let store else { break }
            let worker = WorkerTurn(
                store: store, renderer: renderer, configuration: configuration, logger: logger,
                interruption: interruption)
            guard plan.kind == .overhead else {
                result.endToEnd = Measured(
                    try await rounds { try await worker.run(plan.files) }, threads: plan.threads)
                break
            }
            try await measureOverhead(worker, rendering, &result)
        case .scaling: result.scaling = try await scaling(rendering)
        }
        return result
    }

    private var configuration: WorkerConfiguration {
        var configuration = settings.worker(drain: true)
        guard let inFlight = plan.inFlight else { return configuration }
        configuration.mostInHand = inFlight
        configuration.memoryBudget = max(
            configuration.memoryBudget, WorkerConfiguration.memoryBudget(for: inFlight))
        return configuration
    }

    private func rounds(_ turn: () async throws -> Turn) async throws -> [Turn] {
        var turns: [Turn] = []
        for round in 1...plan.rounds {
            tell("Round \(round) of \(plan.rounds): \(plan.files.count) photos")
            turns.append(try await turn())
        }
        return turns
    }

    private func measureOverhead(
        _ worker: WorkerTurn, _ rendering: RenderingTurn, _ result: inout BenchResult
    ) async throws {
        var (whole, alone): ([Turn], [Turn]) = ([], [])
        for round in 1...plan.rounds {
            tell("Round \(round) of \(plan.rounds): \(plan.files.count) photos end to end, and rendered alone")
            // Who goes first changes, so that a machine that warms up favours nobody.
            if round % 2 == 1 { alone.append(try await rendering.run(plan.files, width: plan.threads)) }
            whole.append(try await worker.run(plan.files))
            if round % 2 == 0 { alone.append(try await rendering.run(plan.files, width: plan.threads)) }
        }
        let measured = (Measured(whole, threads: plan.threads), Measured(alone, threads: plan.threads))
        (result.endToEnd, result.rendering) = measured
        result.overhead = BenchResult.Overhead(measured.0, measured.1)
    }

    private func scaling(_ rendering: RenderingTurn) async throws -> [BenchResult.Width] {
        var turns: [Int: [Turn]] = [:]
        for round in 1...plan.rounds {
            tell("Round \(round) of \(plan.rounds): \(plan.files.count) photos on \(plan.widths) threads")
            for width in round % 2 == 1 ? plan.widths : plan.widths.reversed() {
                turns[width, default: []].append(try await rendering.run(plan.files, width: width))
            }
        }
        let measured = plan.widths.map { ($0, Measured(turns[$0] ?? [], threads: $0)) }
        return measured.map { BenchResult.Width($0.0, $0.1, beside: measured[0].1) }
    }
}
