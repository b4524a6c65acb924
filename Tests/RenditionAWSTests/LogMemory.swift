import Logging
import Synchronization

/// Keeps what is logged, whatever its level.
final class LogMemory: Sendable {
    private struct Handler: LogHandler {
        let memory: LogMemory
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            let tail = all.isEmpty ? "" : " \(all)"
            memory.lines.withLock { $0.append("\(event.level): \(event.message)\(tail)") }
        }
    }

    let lines = Mutex<[String]>([])

    var logger: Logger { Logger(label: "test") { _ in Handler(memory: self) } }
}
