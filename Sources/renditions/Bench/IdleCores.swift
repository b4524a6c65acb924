import Foundation

/// The time that the machine's processors had nothing to do, all of them together (`/proc/stat`, proc(5)).
struct IdleCores: Sendable {
    /// Seconds since the machine started.
    private let idle: Double
    private let all: Double

    /// nil where the system doesn't tell.
    static var now: IdleCores? {
        let text = String(decoding: FileManager.default.contents(atPath: "/proc/stat") ?? Data(), as: UTF8.self)
        let ticks = text.prefix { $0 != "\n" }.split(separator: " ").dropFirst().compactMap { Double($0) }
        // user, nice, system, idle, iowait, irq, softirq, steal; a guest's time is in the user's already.
        guard ticks.count >= 8 else { return nil }
        return IdleCores(idle: ticks[3] + ticks[4], all: ticks.prefix(8).reduce(0, +))
    }

    /// The part of all processors' time since then that nobody used, 0–1.
    func share(until later: IdleCores) -> Double { min(1, max(0, (later.idle - idle) / max(later.all - all, 1))) }
}
