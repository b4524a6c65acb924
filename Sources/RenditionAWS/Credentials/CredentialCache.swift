import Foundation
import Logging

/// Keeps credentials until shortly before they expire.
///
/// While the held ones last they are handed out at once, and new ones are fetched behind the caller's back; a caller
/// waits only where there are none or their last minute has come.
package actor CredentialCache {
    private typealias Held = (credentials: Credentials, source: String)

    /// How long before their expiration new ones are fetched.
    private static let early: TimeInterval = 300
    /// How long before their expiration callers wait for new ones.
    private static let late: TimeInterval = 60
    /// Between two tries while the held ones last.
    private static let pause: TimeInterval = 30

    private let chain: CredentialChain
    private let logger: Logger?
    private let now: @Sendable () -> Date
    private var held: Held?
    private var isRefreshing = false
    private var nextTry = Date.distantPast
    private var waiting: [UInt64: CheckedContinuation<Held, any Error>] = [:]
    private var nextID: UInt64 = 0

    /// - Parameters:
    ///   - logger: Is warned when new credentials can't be had while the old ones last.
    ///   - now: The time that expirations are measured against.
    package init(_ chain: CredentialChain, logger: Logger? = nil, now: @escaping @Sendable () -> Date = { Date() }) {
        self.chain = chain
        self.logger = logger
        self.now = now
    }

    /// Credentials that have not expired, and where they come from. Concurrent callers share one refresh.
    ///
    /// - Throws: ``CredentialError`` where there are none and none can be had; `CancellationError`.
    package func current() async throws -> (Credentials, source: String) {
        if let held {
            let left = left(held.credentials)
            if left > Self.early { return held }
            let mayTry = now() >= nextTry
            if left > Self.late || (left > 0 && !mayTry) {
                if mayTry { refresh() }
                return held
            }
        }
        refresh()
        return try await refreshed()
    }

    /// Drops the held credentials, since a service said that they have expired.
    ///
    /// - Parameter rejected: What that request was signed with: newer ones are kept. nil drops whatever is held.
    package func invalidate(_ rejected: Credentials? = nil) {
        guard rejected == nil || rejected == held?.credentials else { return }
        held = nil
    }

    /// In seconds.
    private func left(_ credentials: Credentials) -> TimeInterval {
        credentials.expiration?.timeIntervalSince(now()) ?? .infinity
    }

    private func refresh() {
        guard !isRefreshing else { return }
        isRefreshing = true
        // Nobody's task: a caller that is cancelled must not spoil it for the others.
        Task {
            do { finish(.success(try await chain.resolve())) } catch { finish(.failure(error)) }
        }
    }

    private func finish(_ result: Result<Held, any Error>) {
        isRefreshing = false
        nextTry = now() + Self.pause
        let outcome = result.flatMap { fetched in
            left(fetched.credentials) > 0 ? .success(fetched) : .failure(Self.expired(fetched.source))
        }
        let waiters = waiting.values
        waiting = [:]
        switch outcome {
        case .success(let fetched):
            held = fetched
            for waiter in waiters { waiter.resume(returning: fetched) }
        case .failure(let error):
            if let held, left(held.credentials) > 0 {
                logger?.warning("new credentials can't be had; the old ones are kept while they last: \(error)")
                for waiter in waiters { waiter.resume(returning: held) }
            } else {
                for waiter in waiters { waiter.resume(throwing: error) }
            }
        }
    }

    private static func expired(_ source: String) -> CredentialError {
        CredentialError(
            "The credentials of \(source) have expired already. Renew them, and check this machine's clock.")
    }

    private func refreshed() async throws -> Held {
        let id = nextID
        nextID += 1
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    waiting[id] = continuation
                }
            }
        } onCancel: {
            Task { await self.leave(id) }
        }
    }

    private func leave(_ id: UInt64) { waiting.removeValue(forKey: id)?.resume(throwing: CancellationError()) }
}
