import Foundation

/// How much a terminal shows.
struct TerminalSize: Sendable, Hashable {
    var columns: Int
    var rows: Int

    /// The terminal's on standard output or standard error; elsewhere what COLUMNS says, or 100 × 40.
    static var current: TerminalSize {
        for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
            var size = winsize()
            if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 {
                return TerminalSize(columns: Int(size.ws_col), rows: Int(size.ws_row))
            }
        }
        let columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap(Int.init) ?? 100
        return TerminalSize(columns: max(20, columns), rows: 40)
    }
}
