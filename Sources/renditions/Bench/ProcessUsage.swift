import Foundation

/// The processor time that this process and the programs it ran have taken so far.
struct ProcessUsage: Sendable {
    /// Seconds.
    var user = 0.0
    var system = 0.0

    var seconds: Double { user + system }

    /// Films are decoded by programs of their own, which count once they have ended.
    static var now: ProcessUsage {
        var sum = ProcessUsage()
        for who in [RUSAGE_SELF, RUSAGE_CHILDREN] {
            var usage = rusage()
            guard getrusage(who.rawValue, &usage) == 0 else { continue }
            sum.user += seconds(usage.ru_utime)
            sum.system += seconds(usage.ru_stime)
        }
        return sum
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    static func - (left: ProcessUsage, right: ProcessUsage) -> ProcessUsage {
        ProcessUsage(user: left.user - right.user, system: left.system - right.system)
    }
}
