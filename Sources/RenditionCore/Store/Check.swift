import Dispatch
import Synchronization

/// One look at one thing. It always comes to findings and always comes back: what fails or takes too long is itself found.
package struct Check: Sendable {
    package var group: Finding.Group
    /// What is looked at, where the look itself fails.
    package var subject: String
    /// How long it may take.
    package var limit: Duration
    private let look: @Sendable () async throws -> [Finding]

    /// - Parameter limit: How long it may take; a look that doesn't heed its cancellation is left behind then.
    package init(
        _ group: Finding.Group, _ subject: String, limit: Duration = .seconds(30),
        _ look: @escaping @Sendable () async throws -> [Finding]
    ) {
        self.group = group
        self.subject = subject
        self.limit = limit
        self.look = look
    }

    /// A look that blocks its thread, which is none of Swift's own then.
    package init(
        _ group: Finding.Group, _ subject: String, limit: Duration = .seconds(30),
        blocking look: @escaping @Sendable () throws -> [Finding]
    ) {
        self.init(group, subject, limit: limit) {
            try await withCheckedThrowingContinuation { continuation in
                DispatchQueue.global().async { continuation.resume(with: Result { try look() }) }
            }
        }
    }

    package func run() async -> [Finding] {
        do {
            return try await within(limit, look)
        } catch is TookTooLong {
            return [Finding(group, .unknown, subject, "no answer within \(limit.components.seconds) s")]
        } catch let error as RenditionError {
            // What may not be looked at may not be worked with either.
            let verdict: Finding.Verdict = error.code == "access_denied" ? .bad : .unknown
            return [
                Finding(
                    group, verdict, subject, "it couldn't be looked at: \(error.detail ?? error.message)",
                    remedy: error.detail == nil ? nil : error.message)
            ]
        } catch {
            return [Finding(group, .unknown, subject, "it couldn't be looked at: \(error)")]
        }
    }
}

/// That something wasn't done in its time.
package struct TookTooLong: Error {}

/// Runs `body`, and stops waiting for it when its time has passed. It is cancelled then; whether it heeds that or not, the
/// caller goes on.
package func within<Value: Sendable>(
    _ limit: Duration, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let waiter = Mutex<CheckedContinuation<Value, any Error>?>(nil)
    let tasks = Mutex<[Task<Void, Never>]>([])
    return try await withTaskCancellationHandler {
        defer { for task in tasks.withLock({ $0 }) { task.cancel() } }
        return try await withCheckedThrowingContinuation { continuation in
            waiter.withLock { $0 = continuation }
            let settle: @Sendable (Result<Value, any Error>) -> Void = { result in
                waiter.withLock { waiting in
                    defer { waiting = nil }
                    return waiting
                }?.resume(with: result)
            }
            let work = Task {
                do { settle(.success(try await body())) } catch { settle(.failure(error)) }
            }
            let alarm = Task {
                do {
                    try await Task.sleep(for: limit)
                    settle(.failure(TookTooLong()))
                } catch {
                    settle(.failure(error))
                }
            }
            tasks.withLock { $0 = [work, alarm] }
            // It may have been cancelled before there was anything to cancel.
            if Task.isCancelled { for task in [work, alarm] { task.cancel() } }
        }
    } onCancel: {
        for task in tasks.withLock({ $0 }) { task.cancel() }
    }
}
