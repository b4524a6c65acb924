import RenditionCore
import Synchronization

/// Marks that were made lately: a gallery's photos have the same few. Any thread may use it.
final class StampCache: Sendable {
    static let shared = StampCache()

    private struct Key: Hashable {
        let etag: String?
        let text: String?
        let room: PixelSize
    }

    private struct State {
        var stamps: [Key: Stamp] = [:]
        /// The keys, the least recently used first.
        var order: [Key] = []
        var bytes = 0
    }

    private let state = Mutex(State())
    private static let budget = 64 << 20

    /// The mark, made now where it wasn't lately. Two threads may make the same one at once.
    func stamp(for watermark: Watermark, _ room: PixelSize) throws -> Stamp {
        let key = Key(etag: watermark.logo?.etag, text: watermark.text, room: room)
        if let known = state.withLock({ Self.use(key, &$0) }) { return known }
        let made = try StampMaker.make(watermark, room)
        state.withLock { Self.keep(made, as: key, &$0) }
        return made
    }

    private static func use(_ key: Key, _ state: inout State) -> Stamp? {
        guard let stamp = state.stamps[key] else { return nil }
        state.order.removeAll { $0 == key }
        state.order.append(key)
        return stamp
    }

    private static func keep(_ stamp: Stamp, as key: Key, _ state: inout State) {
        guard state.stamps[key] == nil, stamp.byteCount <= budget else { return }
        state.stamps[key] = stamp
        state.order.append(key)
        state.bytes += stamp.byteCount
        while state.bytes > budget, !state.order.isEmpty {
            state.bytes -= state.stamps.removeValue(forKey: state.order.removeFirst())?.byteCount ?? 0
        }
    }
}
