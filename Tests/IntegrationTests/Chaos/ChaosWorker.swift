import Foundation
import RenditionCore
import RenditionTestKit
import Synchronization
import Testing

/// A worker process under chaos: started again whenever it has ended, with the same way to the store.
final class ChaosWorker: Sendable {
    private struct State {
        var current: Command
        var past: [Command] = []
        var isStopped = false
        /// Whether the nemesis has ended it without a word.
        var isKilled = false
        /// Decides at which steps its processes die; nil for never.
        var deaths: SplitMix?
        var lastAlive = ChaosBook.now
        var crashes: [String] = []
    }

    let proxy: FaultProxy?
    let disk: BrokenDisk.Switch?
    private let book: ChaosBook
    private let environment: [String: String]
    private let state: Mutex<State>

    /// - Parameters:
    ///   - environment: What the process gets beside what the store needs.
    ///   - deaths: A seed for the steps at which its processes die, once each; nil where they don't.
    init(_ scene: ChaosScene, _ environment: [String: String] = [:], deaths: UInt64? = nil) async throws {
        proxy = try await scene.target.proxy()
        disk = try await scene.target.disk()
        book = scene.book
        self.environment = scene.target.environment(through: proxy).merging(disk?.environment ?? [:]) { $1 }
            .merging(environment) { $1 }
        state = Mutex(State(current: try Self.start(self.environment), deaths: deaths.map(SplitMix.init)))
    }

    deinit { for command in commands where command.isRunning { command.signal(SIGKILL) } }

    private static func start(_ environment: [String: String]) throws -> Command {
        try Command(Renditions.path, ["worker", "--json"], environment: environment)
    }

    private var commands: [Command] { state.withLock { $0.past + [$0.current] } }
    var current: Command { state.withLock { $0.current } }

    /// As the queue's history names it.
    var name: String { Self.name(current) }

    private static func name(_ command: Command) -> String { "\(ProcessInfo.processInfo.hostName):\(command.pid)" }

    var isStopped: Bool { state.withLock { $0.isStopped } }

    func signal(_ signal: Int32) {
        state.withLock { state in
            if signal == SIGSTOP { state.isStopped = true }
            if signal == SIGCONT { state.isStopped = false }
            if signal == SIGKILL { state.isKilled = true }
            state.current.signal(signal)
        }
    }

    /// Waits until it has died at a step, and notes that.
    func dies(noting book: ChaosBook) async throws {
        let end = try await current.wait()
        book.note(.killPoint, name)
        #expect(end.status == -SIGKILL, "\(end.errors)")
    }

    /// Waits until it has stopped itself at a step, and notes that until it goes on.
    func stands(noting book: ChaosBook) async throws {
        let stat = "/proc/\(current.pid)/stat"
        try await eventually("\(name) stands still") {
            let text = String(decoding: FileManager.default.contents(atPath: stat) ?? Data(), as: UTF8.self)
            return text.split(separator: ")").last?.hasPrefix(" T") == true
        }
        state.withLock { $0.isStopped = true }
        book.note(.stopped, name, to: ChaosBook.now + .seconds(60))
    }

    /// Starts it anew if it has ended, and notes it where it died at a step of its own.
    func respawn() async throws {
        guard !current.isRunning else {
            state.withLock { $0.lastAlive = ChaosBook.now }
            return
        }
        let end = try await current.wait()
        try state.withLock { state in
            if end.status == -SIGKILL, !state.isKilled {
                book.note(.killPoint, Self.name(state.current), from: state.lastAlive)
            }
            // A store that can't be reached or written is a reason to end; a crash and a setting that isn't understood are none.
            if (end.status < 0 && ![-SIGKILL, -SIGTERM].contains(end.status)) || end.status == 78 {
                state.crashes.append("ended with \(end.status): \(end.errors)")
            }
            state.past.append(state.current)
            state.current = try Self.start(environment.merging(Self.death(&state.deaths)) { $1 })
            (state.isStopped, state.isKilled, state.lastAlive) = (false, false, ChaosBook.now)
        }
    }

    /// Every other process dies at a step of its own.
    private static func death(_ deaths: inout SplitMix?) -> [String: String] {
        guard var random = deaths else { return [:] }
        defer { deaths = random }
        guard Bool.random(using: &random) else { return [:] }
        let point = KillPoint.ofPhotos.randomElement(using: &random)!
        return ["CHAOS_KILL_AT": "\(point.rawValue):\(Int.random(in: 1...3, using: &random))"]
    }

    /// Asks it to end, and waits until it has.
    func end() async throws -> Command.Result {
        if current.isRunning {
            signal(SIGCONT)
            signal(SIGTERM)
        }
        return try await current.wait()
    }

    /// Ends of its processes that nothing excuses.
    var crashes: [String] { state.withLock { $0.crashes } }

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
