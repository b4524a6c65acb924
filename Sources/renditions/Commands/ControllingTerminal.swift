import Foundation

/// The terminal that the process was started on, whose end is told by SIGHUP too.
struct ControllingTerminal: Sendable {
    private let endsWithIt: Bool

    /// At the process's start: SIGHUP is ignored where somebody wanted it to outlive its terminal, as nohup does.
    init() {
        var action = sigaction()
        sigaction(SIGHUP, nil, &action)
        let isIgnored = unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
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
