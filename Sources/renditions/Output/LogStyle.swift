import Foundation
import Logging
import Synchronization

/// Which lines all loggers write and how, which may change while the process runs. Any thread may use it.
final class LogStyle: Sendable {
    private struct State {
        var level: Logger.Level
        var isJSON: Bool
    }

    private let state: Mutex<State>

    init(_ settings: Settings) { state = Mutex(Self.state(settings)) }

    /// Goes by other settings from the next line on.
    func takeUp(_ settings: Settings) { state.withLock { $0 = Self.state(settings) } }

    var level: Logger.Level { state.withLock(\.level) }

    var isJSON: Bool { state.withLock(\.isJSON) }

    private static func state(_ settings: Settings) -> State {
        let format = LineLogHandler.Format(rawValue: settings.text(.logFormat)) ?? .auto
        return State(
            level: settings.logLevel, isJSON: format == .json || (format == .auto && isatty(STDERR_FILENO) == 0))
    }
}
