import Foundation
import RenditionCore
import RenditionTestKit
import Synchronization

/// A worker process under chaos: started again whenever it has ended, with the same way to the store.
final class ChaosWorker: Sendable {
    private struct State {
        var current: Command
        var past: [Command] = []
        var isStopped = false
    }

    let proxy: FaultProxy?
    private let start: @Sendable () throws -> Command
    private let state: Mutex<State>

    /// - Parameter environment: What the process gets beside what the store needs.
    init(_ target: any ChaosTarget, _ environment: [String: String]) async throws {
        let proxy = try await target.proxy()
        self.proxy = proxy
        let all = target.environment(through: proxy).merging(environment) { $1 }
        start = { try Command(Renditions.path, ["worker", "--json"], environment: all) }
        state = Mutex(State(current: try start()))
    }

    deinit { for command in commands where command.isRunning { command.signal(SIGKILL) } }

    private var commands: [Command] { state.withLock { $0.past + [$0.current] } }
    var current: Command { state.withLock { $0.current } }

    /// As the queue's history names it.
    var name: String { "\(ProcessInfo.processInfo.hostName):\(current.pid)" }

    var isStopped: Bool { state.withLock { $0.isStopped } }

    func signal(_ signal: Int32) {
        state.withLock { state in
            if signal == SIGSTOP { state.isStopped = true }
            if signal == SIGCONT { state.isStopped = false }
            state.current.signal(signal)
        }
    }

    /// Starts it anew if it has ended.
    func respawn() throws {
        try state.withLock { state in
            guard !state.current.isRunning else { return }
            state.past.append(state.current)
            state.current = try start()
            state.isStopped = false
        }
    }

    /// Asks it to end, and waits until it has.
    func end() async throws -> Command.Result {
        signal(SIGCONT)
        signal(SIGTERM)
        return try await current.wait()
    }

    /// What all of its processes reported.
    func reports() -> [PhotoReport] {
        commands.flatMap { command in
            command.output.split(separator: "\n").compactMap {
                try? JSONDecoder().decode(PhotoReport.self, from: Data($0.utf8))
            }
        }
    }

    /// The last words of its processes, for a failure's report.
    var log: String { commands.map(\.errors).joined(separator: "--- next process\n") }
}
