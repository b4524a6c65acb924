import RenditionTestKit
import Synchronization

/// Watches workers through proxies: who did which step when, in the order in which the requests came.
final class Lookout: Sendable {
    struct Event: Sendable {
        var worker: String
        var step: WorkerStep
        var at: ContinuousClock.Instant
    }

    private let platform: AWSPlatform
    private let log = Mutex<[Event]>([])

    init(_ platform: AWSPlatform) { self.platform = platform }

    /// Follows a worker's requests.
    ///
    /// - Parameter onStep: Told of each step before its request goes on.
    func follow(_ worker: String, _ proxy: FaultProxy, onStep: @escaping @Sendable (WorkerStep) -> Void = { _ in }) {
        proxy.onRequest { [self] seen in
            guard let step = WorkerStep(seen, on: platform) else { return .pass }
            log.withLock { $0.append(Event(worker: worker, step: step, at: .now)) }
            onStep(step)
            return .pass
        }
    }

    var events: [Event] { log.withLock { $0 } }

    func count(_ step: WorkerStep, by worker: String) -> Int {
        events.count { $0.step == step && $0.worker == worker }
    }

    /// What a worker did after another's first step of a kind.
    func steps(of worker: String, afterFirst step: WorkerStep, of other: String) -> [WorkerStep] {
        events.drop { $0.step != step || $0.worker != other }.filter { $0.worker == worker }.map(\.step)
    }
}
