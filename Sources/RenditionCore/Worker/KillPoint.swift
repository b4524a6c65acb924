import Foundation
import Synchronization

/// A step at which a worker of a debug build can be told to die or to stand still, so that tests can show that what it
/// leaves is taken up, and that it changes nothing when it wakes.
///
/// `CHAOS_KILL_AT=commit` kills the process, without a word and for good, when the step is done; `write:3` when it comes
/// to that for the third time. `CHAOS_STOP_AT` stops it (SIGSTOP) instead. A release build passes all steps. Any thread
/// may pass.
package enum KillPoint: String, CaseIterable, Sendable {
    /// The photo was claimed.
    case claim
    /// Its original was read.
    case fetch
    /// It was rendered.
    case render
    /// One rendition is about to be written under its key.
    case write
    /// It lies there.
    case publish
    /// All of them do, and the original is still the same.
    case published
    /// The record says so.
    case commit
    /// The queue knows that it is done.
    case finish
    /// The queue knows that it is to be tried again.
    case retry
    /// The record says why it failed.
    case failure
    /// The queue knows that it failed for good.
    case burial
    /// The queue has it back.
    case release
    /// The gallery's mail knows that the photo is about to be settled.
    case mark
    /// A mail is this worker's to send.
    case mailTaken = "mail-taken"
    /// It is sent.
    case mailSent = "mail-sent"
    /// The gallery's row says so.
    case mailTold = "mail-told"

    /// The steps of a photo's own way; the others are those of mails.
    package static let ofPhotos = allCases.filter { ![.mark, .mailTaken, .mailSent, .mailTold].contains($0) }

    /// Goes by, or ends or stops the process.
    package func pass() {
        #if DEBUG
            for order in Self.orders where order.point == self {
                let passed = order.passed.withLock { passed in
                    passed += 1
                    return passed
                }
                // To this thread, so that it goes not a step further.
                if passed == order.number { raise(order.signal) }
            }
        #endif
    }

    #if DEBUG
        private final class Order: Sendable {
            let point: KillPoint
            let number: Int
            let signal: Int32
            let passed = Mutex(0)

            init?(_ text: String?, _ signal: Int32) {
                let parts = (text ?? "").split(separator: ":")
                guard let point = parts.first.flatMap({ KillPoint(rawValue: String($0)) }) else { return nil }
                (self.point, self.signal) = (point, signal)
                number = parts.count > 1 ? Int(parts[1]) ?? 1 : 1
            }
        }

        private static let orders: [Order] = {
            let environment = ProcessInfo.processInfo.environment
            return [
                Order(environment["CHAOS_KILL_AT"], SIGKILL), Order(environment["CHAOS_STOP_AT"], SIGSTOP),
            ].compactMap { $0 }
        }()
    #endif
}
