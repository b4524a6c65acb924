import Synchronization

/// Logos that were read lately, so that a gallery's photos don't fetch one each. Any thread may use it.
package final class LogoCache: Sendable {
    private struct State {
        var logos: [String: Watermark.Logo] = [:]
        /// The keys, the least recently used first.
        var order: [String] = []
        var bytes = 0
    }

    private let state = Mutex(State())
    private let budget: Int

    /// - Parameter budget: The most bytes to keep.
    package init(budget: Int = 32 << 20) { self.budget = budget }

    /// The logo under a key, where it is still the one with that ETag.
    func logo(_ key: String, etag: String) -> Watermark.Logo? {
        state.withLock { state in
            guard let logo = state.logos[key], logo.etag == etag else { return nil }
            state.order.removeAll { $0 == key }
            state.order.append(key)
            return logo
        }
    }

    func keep(_ logo: Watermark.Logo, under key: String) {
        guard logo.bytes.count <= budget else { return }
        state.withLock { state in
            if let old = state.logos.updateValue(logo, forKey: key) { state.bytes -= old.bytes.count }
            state.order.removeAll { $0 == key }
            state.order.append(key)
            state.bytes += logo.bytes.count
            while state.bytes > budget, let oldest = state.order.first {
                state.order.removeFirst()
                state.bytes -= state.logos.removeValue(forKey: oldest)?.bytes.count ?? 0
            }
        }
    }
}
