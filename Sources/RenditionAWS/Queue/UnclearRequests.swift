import Synchronization

/// Remembers requests that may have happened although no reply came, until the store can be asked. Any thread may use it.
final class UnclearRequests: Sendable {
    private struct State {
        /// Tokens of leases that were to be ended.
        var ends: Set<String> = []
        /// Tokens of claims, by photo.
        var claims: [String: String] = [:]
    }

    private let state = Mutex(State())

    func insertEnd(_ token: String) { state.withLock { _ = $0.ends.insert(token) } }

    /// - Returns: whether it was there.
    @discardableResult
    func removeEnd(_ token: String) -> Bool { state.withLock { $0.ends.remove(token) != nil } }

    func insertClaim(_ photoID: String, _ token: String) { state.withLock { $0.claims[photoID] = token } }

    func removeClaim(_ photoID: String) { state.withLock { $0.claims[photoID] = nil } }

    var claims: [String: String] { state.withLock { $0.claims } }
}
