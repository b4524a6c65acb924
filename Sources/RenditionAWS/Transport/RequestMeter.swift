import Foundation
import Synchronization

/// Counts requests, those that were tried again, and the capacity that DynamoDB says they consumed. Any thread may use it.
package final class RequestMeter: Sendable {
    /// What was counted of one operation.
    package struct Count: Sendable, Hashable, Codable {
        /// Requests sent, repeated ones included.
        package var requests = 0
        /// Requests that were sent again.
        package var retries = 0
        /// DynamoDB's capacity units, of reading or of writing.
        package var units = 0.0

        package init() {}
    }

    private let state = Mutex<[String: Count]>([:])

    package init() {}

    func sent(_ call: String, again: Bool) {
        state.withLock { counts in
            counts[call, default: Count()].requests += 1
            if again { counts[call, default: Count()].retries += 1 }
        }
    }

    func consumed(_ call: String, _ units: Double) {
        state.withLock { $0[call, default: Count()].units += units }
    }

    /// By service and operation, such as `DynamoDB UpdateItem`.
    package var counts: [String: Count] { state.withLock { $0 } }

    /// The counts in a line for the operator.
    package var summary: String {
        counts.sorted { $0.key < $1.key }.map { call, count in
            let units = count.units > 0 ? String(format: " (%.1f units)", count.units) : ""
            let retries = count.retries > 0 ? " (\(count.retries) again)" : ""
            return "\(call) \(count.requests)\(retries)\(units)"
        }.joined(separator: ", ")
    }
}
