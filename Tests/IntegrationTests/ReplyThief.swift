import RenditionTestKit
import Synchronization

/// Lets a worker's requests through, loses the answers to the first few of one kind, and counts them all.
final class ReplyThief: Sendable {
    private struct State {
        var counts: [WorkerStep: Int] = [:]
        var lost = 0
        var renditions: Set<String> = []
    }

    private let platform: AWSPlatform
    private let state = Mutex(State())

    /// - Parameter next: What to do with a request whose answer isn't lost.
    init(
        _ proxy: FaultProxy, _ platform: AWSPlatform, _ step: WorkerStep, times: Int = 1,
        next: @escaping @Sendable (WorkerStep) -> FaultProxy.Action = { _ in .pass }
    ) {
        self.platform = platform
        proxy.onRequest { [self] seen in
            guard let this = WorkerStep(seen, on: platform) else { return .pass }
            let isLost = state.withLock { state in
                state.counts[this, default: 0] += 1
                if this == .renditionPut { state.renditions.insert(seen.path + seen.body) }
                guard this == step, state.lost < times else { return false }
                state.lost += 1
                return true
            }
            return isLost ? .dropReply : next(this)
        }
    }

    var lost: Int { state.withLock { $0.lost } }
    /// Renditions that were written, counted by key and bytes.
    var renditions: Int { state.withLock { $0.renditions.count } }
    func count(_ step: WorkerStep) -> Int { state.withLock { $0.counts[step] ?? 0 } }
}
