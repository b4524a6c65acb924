import ArgumentParser
import Foundation
import Logging
import RenditionCore
import Synchronization

/// A benchmark from its beginning to its end, with its store and the signals that may cut it short.
struct BenchRun {
    private let plan: BenchPlan
    private let settings: Settings
    private let store: StoreChoice?

    /// - Parameter store: nil for one that is made for the benchmark.
    init(_ plan: BenchPlan, _ settings: Settings, store: StoreChoice?) {
        self.plan = plan
        self.settings = settings
        self.store = store
    }

    /// - Throws: An exit code after a line that says why, beside what the store throws.
    func result() async throws -> BenchResult {
        let interruption = Interruption()
        let logger = Parts.logger(settings)
        let bench = Bench(
            plan: plan, settings: settings, renderer: try Parts.renderer(settings, inProcess: true, logger: logger),
            logger: logger,
            interruption: interruption
        ) { progress in
            if isatty(STDERR_FILENO) != 0 { Terminal.complain(progress) }
        }
        let found = Mutex<BenchResult?>(nil)
        do {
            try await BenchService.run(interruption, logger: logger) { [plan, settings, store] in
                if plan.kind == .rendering || plan.kind == .scaling {
                    let result = try await bench.run(on: nil, named: nil)
                    found.withLock { $0 = result }
                } else {
                    try await BenchStore.with(store, settings) { store, name in
                        let result = try await bench.run(on: store, named: name)
                        found.withLock { $0 = result }
                    }
                }
            }
        } catch let failure as BenchFailure {
            Terminal.complain(failure.description)
            // Threads that still render would be torn down under their feet by an ordinary exit.
            fflush(nil)
            _exit(Terminal.Status.incomplete.rawValue)
        }
        guard let result = found.withLock({ $0 }) else { throw Terminal.Status.incomplete }
        return result
    }
}

extension BenchFailure: CustomStringConvertible {
    var description: String {
        switch self {
        case .interrupted: "The benchmark was interrupted; what it had made is removed, unless it says otherwise above."
        case .busyStore(let owed):
            "The store owes \(owed) photos, which would be rendered and measured too. Wait for its workers, or "
                + "measure on another store."
        case .unqueuedPhotos:
            "The store holds photos that owe renditions and aren't queued yet, which would be rendered and measured too. "
                + "Let a worker finish them, or measure on another store."
        case .lostPhotos(let count):
            "\(count) photos did not end here: another worker took them, or they were abandoned. Measure on a store "
                + "without other workers."
        }
    }
}
