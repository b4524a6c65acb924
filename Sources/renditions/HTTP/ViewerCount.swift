import Synchronization

/// Counts the pages that are open, so that they can't be without number. Any thread may use it.
final class ViewerCount: Sendable {
    /// A page's place, for as long as it is kept.
    final class Seat: Sendable {
        private let viewers: ViewerCount

        fileprivate init(_ viewers: ViewerCount) { self.viewers = viewers }

        deinit { viewers.count.withLock { $0 -= 1 } }
    }

    private let count = Mutex(0)
    private let most: Int

    init(most: Int = 64) { self.most = most }

    /// - Returns: nil where all places are taken.
    func enter() -> Seat? {
        let isFree = count.withLock { count in
            guard count < most else { return false }
            count += 1
            return true
        }
        return isFree ? Seat(self) : nil
    }
}
