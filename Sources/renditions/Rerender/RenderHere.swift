import Foundation
import Logging
import RenditionCore
import Synchronization

/// Renders chosen photos in this process, and no others.
struct RenderHere: Sendable {
    let store: any PhotoStore
    let settings: Settings
    let renderer: any PhotoRenderer
    let logos: LogoCache
    let logger: Logger
    let tally: RunTally

    /// How it ended.
    struct End: Sendable {
        /// Whether a signal asked for it.
        var wasStopped = false
        /// Photos whose rendering may still hold a thread.
        var unfinished = 0
    }

    /// - Parameter choosing: Hands photos to the store that it gets; it is cancelled when a signal asks to end.
    /// - Throws: What `choosing` throws, once what was in hand is finished or handed back.
    func run(choosing: @escaping @Sendable (ChosenStore) async throws -> Void) async throws -> End {
        let chosen = ChosenStore(store) { [tally] photo, end in tally.ended(photo, end, here: true) }
        let worker = Worker(
            store: chosen, renderer: renderer, configuration: settings.worker(drain: true), logger: logger, logos: logos
        ) { [tally] report in tally.reported(report) }
        let state = State()
        let service = StoppableService {
            let choice = Task {
                do {
                    try await choosing(chosen)
                    chosen.complete()
                } catch {
                    if !state.end.withLock({ $0.wasStopped }) { state.failure.withLock { $0 = error } }
                    worker.stop()
                }
            }
            state.choice.withLock { $0 = choice }
            if state.end.withLock({ $0.wasStopped }) { choice.cancel() }
            let unfinished = await worker.run()
            state.end.withLock { $0.unfinished = unfinished }
            choice.cancel()
            await choice.value
        } onStop: {
            state.end.withLock { $0.wasStopped = true }
            state.choice.withLock { $0 }?.cancel()
            worker.stop()
        }
        try await SignalledGroup.run(service, logger: logger)
        if let failure = state.failure.withLock({ $0 }) { throw failure }
        return state.end.withLock { $0 }
    }

    private final class State: Sendable {
        let end = Mutex(End())
        let failure = Mutex<(any Error)?>(nil)
        let choice = Mutex<Task<Void, Never>?>(nil)
    }
}
