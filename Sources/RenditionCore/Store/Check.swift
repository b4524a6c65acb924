import Synchronization

/// One look at one thing. It always comes to findings and always comes back: what fails or takes too long is itself found.
package struct Check: Sendable {
    package var group: Finding.Group
    /// What is looked at, where the look itself fails.
    package var subject: String
    /// How long it may take.
    package var limit: Duration
    private let look: @Sendable () async throws -> [Finding]

    /// - Parameter limit: How long it may take; a look that blocks its thread is left behind then.
    package init(
        _ group: Finding.Group, _ subject: String, limit: Duration = .seconds(30),
        _ look: @escaping @Sendable () async throws -> [Finding]
    ) {
        self.group = group
        self.subject = subject
        self.limit = limit
        self.look = look
    }

    package func run() async -> [Finding] {
        do {
            return try await within(limit, look)
        } catch is TookTooLong {
            return [Finding(group, .unknown, subject, "no answer within \(limit.components.seconds) s")]
        } catch let error as RenditionError {
            return [
                Finding(
                    group, .unknown, subject, "it couldn't be looked at: \(error.detail ?? error.message)",
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
                guard (try? await Task.sleep(for: limit)) != nil else { return }
                settle(.failure(TookTooLong()))
            }
            tasks.withLock { $0 = [work, alarm] }
        }
    } onCancel: {
        for task in tasks.withLock({ $0 }) { task.cancel() }
    }
}
