import Foundation

/// The terminal that the process was started on, whose end is told by SIGHUP as well as a wish of the operator's.
struct ControllingTerminal: Sendable {
    private let endsWithIt: Bool

    /// At the process's start. From here on a SIGHUP ends nothing by itself.
    init() {
        // SIGHUP is ignored where somebody wanted the process to outlive its terminal, as nohup does.
        let isIgnored = unsafeBitCast(signal(SIGHUP, SIG_IGN), to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
        endsWithIt = Self.isThere && !isIgnored
    }

    /// Whether it was there and isn't any more.
    var isGone: Bool { endsWithIt && !Self.isThere }

    private static var isThere: Bool {
        let terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return false }
        close(terminal)
        return true
    }
}
