import Foundation
import Subprocess
import Synchronization
import SystemPackage

/// A part of the stack that runs. Any thread may use it.
final class PartProcess: Sendable {
    private struct State {
        /// nil before it has begun, and once it has ended.
        var process: ProcessIdentifier?
        var isToEnd = false
    }

    private let state = Mutex(State())
    private let part: StackPart
    private let leash: Leash

    /// What ends a part when the stack is gone, however that ended.
    struct Leash: Sendable {
        /// A Python.
        let program: String
        /// Is held while a part runs.
        let lock: String
        private let script = String(decoding: PackageResources.leash_py, as: UTF8.self)

        init(program: String, lock: String) {
            self.program = program
            self.lock = lock
        }

        func arguments(_ part: StackPart) -> [String] {
            ["-I", "-c", script, lock, String(part.grace.components.seconds), part.program] + part.arguments
        }
    }

    init(_ part: StackPart, on leash: Leash) {
        self.part = part
        self.leash = leash
    }

    /// Runs it until it ends.
    ///
    /// - Parameter tell: Told each line that it writes.
    /// - Returns: How it ended, in words; nil for an end in order.
    func run(_ tell: @escaping @Sendable (String) -> Void) async throws -> String? {
        var options = PlatformOptions()
        // A group of its own: a terminal's Ctrl-C is for the stack, which ends its parts in their order.
        options.processGroupID = 0
        let environment = part.environment.reduce(into: [Environment.Key: String]()) { all, pair in
            if let key = Environment.Key(rawValue: pair.key) { all[key] = pair.value }
        }
        let result = try await Subprocess.run(
            .path(FilePath(leash.program)), arguments: Arguments(leash.arguments(part)),
            environment: .custom(environment), workingDirectory: FilePath(part.directory), platformOptions: options,
            // Its end is how the leash learns that the stack is gone.
            input: .inputWriter, output: .sequence, error: .combinedWithOutput
        ) { execution in
            let isToEnd = state.withLock { state in
                state.process = execution.processIdentifier
                return state.isToEnd
            }
            // What follows the last line is the end, after which its number may be another's.
            defer { state.withLock { $0.process = nil } }
            if isToEnd { kill(execution.processIdentifier.value, SIGTERM) }
            for try await line in execution.standardOutput.strings(bufferingPolicy: .unbounded) { tell(line) }
        }
        return switch result.terminationStatus {
        case .exited(0): nil
        case .exited(let code): "with status \(code)"
        case .signaled(let signal): "by signal \(signal), \(String(cString: strsignal(signal)))"
        }
    }

    /// Asks it to end.
    func stop() { signal(SIGTERM, toGroup: false) }

    /// Ends it at once, and whatever it started.
    func end() { signal(SIGKILL, toGroup: true) }

    private func signal(_ signal: Int32, toGroup: Bool) {
        state.withLock { state in
            state.isToEnd = true
            if let process = state.process { kill(toGroup ? -process.value : process.value, signal) }
        }
    }
}
