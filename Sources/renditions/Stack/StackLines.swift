import Foundation
import Logging
import Synchronization

/// One stream of what all parts say, each line with its part's name before it. Any thread may use it.
final class StackLines: Sendable {
    /// Terminals' colours by name (ECMA-48, 8.3.117), so that neighbours differ.
    private static let colours = ["stack": 1, "aws": 33, "setup": 35, "worker": 32, "api": 36, "page": 34]
    private let isTerminal = isatty(STDOUT_FILENO) == 1
    private let lock = Mutex(())

    func tell(_ name: String, _ line: String) {
        let shown = name.padding(toLength: 6, withPad: " ", startingAt: 0)
        let prefix = isTerminal ? "\u{1b}[\(Self.colours[name] ?? 0)m\(shown) |\u{1b}[0m" : "\(shown) |"
        lock.withLock { _ in Terminal.print("\(prefix) \(line)") }
    }

    /// For what the stack itself logs.
    var logger: Logger { Logger(label: "stack") { _ in Handler(lines: self) } }

    private struct Handler: LogHandler {
        let lines: StackLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.notice

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.tell("stack", "\(event.message)") }
    }
}
