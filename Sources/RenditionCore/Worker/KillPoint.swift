import Foundation
import Synchronization

/// A step at which a worker of a debug build can be told to die, so that tests can show what it leaves is taken up.
///
/// `RENDITIONS_KILL_AT=commit` kills the process, without a word and for good, when the step is done; `publish:3` when it is
/// done for the third time. A release build passes all steps. Any thread may pass.
package enum KillPoint: String, CaseIterable, Sendable {
    /// The photo was claimed.
    case claim
    /// Its original was read.
    case fetch
    /// It was rendered.
    case render
    /// One rendition lies under its key.
    case publish
    /// All of them do, and the original is still the same.
    case published
    /// The record says so.
    case commit
    /// The queue knows that it is done.
    case finish
    /// The record says why it failed.
    case failure
    /// The queue knows that it failed for good.
    case burial

    /// Goes by, or ends the process.
    package func pass() {
        #if DEBUG
            guard let target = Self.target, target.point == self else { return }
            let number = Self.passed.withLock { passed in
                passed += 1
                return passed
            }
            if number == target.number { kill(getpid(), SIGKILL) }
        #endif
    }

    #if DEBUG
        private static let passed = Mutex(0)

        private static let target: (point: KillPoint, number: Int)? = {
            let parts = (ProcessInfo.processInfo.environment["RENDITIONS_KILL_AT"] ?? "").split(separator: ":")
            guard let name = parts.first, let point = KillPoint(rawValue: String(name)) else { return nil }
            return (point, parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
        }()
    #endif
}
