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

    init(_ part: StackPart) { self.part = part }

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
            .path(FilePath(part.program)), arguments: Arguments(part.arguments), environment: .custom(environment),
            platformOptions: options, input: .none, output: .sequence, error: .combinedWithOutput
        ) { execution in
            let isToEnd = state.withLock { state in
                state.process = execution.processIdentifier
                return state.isToEnd
            }
            if isToEnd { kill(execution.processIdentifier.value, SIGTERM) }
            for try await line in execution.standardOutput.strings() { tell(line) }
            // What follows the last line is the end, after which its number may be another's.
            state.withLock { $0.process = nil }
        }
        return result.terminationStatus.isSuccess ? nil : "\(result.terminationStatus)"
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
