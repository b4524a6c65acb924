import Foundation
import RenditionCore
import RenditionTestKit
import Synchronization

/// Hurts workers and what lies between them and their store, and writes down what it did.
final class Nemesis: Sendable {
    /// What a proxy does for a while.
    private struct Weather {
        var kinds: [Fault.Kind]
        /// Of 100 requests, how many are hit.
        var percent: Int
    }

    private enum Blow { case kill, killRenderers, stop, terminate, partition, storm, disk }

    private struct State {
        var weathers: [Weather?]
        var pending: [Task<Void, Never>] = []
        /// Whose renderers were killed when.
        var renderersKilled = ContinuousClock.now - .seconds(60)
    }

    private let workers: [ChaosWorker]
    private let scene: ChaosScene
    private let lease: Duration
    private let state: Mutex<State>

    private var book: ChaosBook { scene.book }

    /// - Parameter lease: What the workers' leases last.
    init(_ workers: [ChaosWorker], _ scene: ChaosScene, lease: Duration, seed: UInt64) {
        (self.workers, self.scene, self.lease) = (workers, scene, lease)
        state = Mutex(State(weathers: workers.map { _ in nil }))
        for (number, worker) in workers.enumerated() {
            let random = Mutex(SplitMix(seed: seed &+ UInt64(number) &* 7919))
            worker.proxy?.onRequest { [weak self, weak worker] seen in
                guard let self, let worker, let weather = state.withLock({ $0.weathers[number] }) else { return .pass }
                let (chance, kind) = random.withLock { random in
                    (Int.random(in: 0..<100, using: &random), weather.kinds.randomElement(using: &random)!)
                }
                guard chance < weather.percent, let action = Self.action(kind, seen) else { return .pass }
                book.note(kind, worker.name)
                return action
            }
        }
    }

    /// - Returns: nil where the fault makes no sense for the request.
    private static func action(_ kind: Fault.Kind, _ seen: FaultProxy.Seen) -> FaultProxy.Action? {
        let isDynamo = seen.target != nil
        func refusal(_ status: Int, _ code: String) -> FaultProxy.Action {
            isDynamo
                ? .answer(
                    status: status, headers: ["content-type": "application/x-amz-json-1.0"],
                    body: #"{"__type":"com.amazonaws.dynamodb.v20120810#\#(code)","message":"chaos"}"#)
                : .answer(
                    status: status, headers: ["content-type": "application/xml"],
                    body: seen.method == "HEAD" ? "" : "<Error><Code>\(code)</Code><Message>chaos</Message></Error>")
        }
        switch kind {
        case .error500: return refusal(500, isDynamo ? "InternalServerError" : "InternalError")
        case .slowDown: return isDynamo ? nil : refusal(503, "SlowDown")
        case .throttled: return isDynamo ? refusal(400, "ProvisionedThroughputExceededException") : nil
        case .refused: return .refuse
        case .delayed: return .delay(.milliseconds(300))
        case .replyLost: return .dropReply
        // DynamoDB's answers carry a checksum; of S3's, only those to reads have a body.
        case .bodyCut: return isDynamo || seen.name == "S3.GET" ? .cutBody(after: 20) : nil
        case .wrongBytes: return isDynamo || seen.name == "S3.GET" ? .corruptBody : nil
        default: return nil
        }
    }

    private static let atProxies: [Fault.Kind] = [
        .error500, .slowDown, .throttled, .refused, .delayed, .replyLost, .bodyCut, .wrongBytes,
    ]

    /// Strikes once. What takes a while goes on beside.
    func strike(_ random: inout SplitMix) async throws {
        let number = Int.random(in: 0..<workers.count, using: &random)
        let worker = workers[number]
        let long = lease + .milliseconds(Int.random(in: 500...2000, using: &random))
        let short = Duration.milliseconds(Int.random(in: 300...2500, using: &random))
        let kinds = (0..<3).map { _ in Self.atProxies.randomElement(using: &random)! }
        let percent = Int.random(in: 10...60, using: &random)
        let isLong = Bool.random(using: &random)
        let trouble = BrokenDisk.Trouble.allCases.randomElement(using: &random)!
        var blows: [Blow] = [.kill, .kill, .killRenderers, .stop, .terminate]
        if worker.proxy != nil { blows += [.partition, .partition, .storm, .storm, .storm, .storm] }
        if worker.disk != nil { blows += [.disk, .disk] }
        let blow = blows.randomElement(using: &random)!
        // A stopped worker has enough.
        guard !worker.isStopped else { return }
        switch blow {
        case .kill:
            book.note(.killed, worker.name)
            worker.signal(SIGKILL)
        case .killRenderers: try await killRenderers(of: worker)
        case .stop:
            let (name, from) = (worker.name, ChaosBook.now)
            worker.signal(SIGSTOP)
            later(long) { [book] in
                worker.signal(SIGCONT)
                book.note(.stopped, name, from: from)
            }
        case .terminate:
            book.note(.terminated, worker.name, to: ChaosBook.now + .seconds(20))
            worker.signal(SIGTERM)
        case .partition: partition(worker, for: isLong ? long : short)
        case .storm:
            state.withLock { $0.weathers[number] = Weather(kinds: kinds, percent: percent) }
            later(short) { [self] in state.withLock { $0.weathers[number] = nil } }
        case .disk:
            let (name, from) = (worker.name, ChaosBook.now)
            try worker.disk?.fail(trouble)
            later(short) { [book] in
                worker.disk?.mend()
                book.note(trouble.fault, name, from: from)
            }
        }
    }

    /// Two deaths of renderers over one photo would rightly make it poison: they are kept apart.
    private func killRenderers(of worker: ChaosWorker) async throws {
        let isTime = state.withLock { state in
            guard state.renderersKilled + .seconds(20) < .now else { return false }
            state.renderersKilled = .now
            return true
        }
        guard isTime else { return }
        let children = try await childProcesses(of: worker.current.pid)
        guard !children.isEmpty else { return }
        book.note(.rendererKilled, worker.name)
        for child in children { kill(child, SIGKILL) }
    }

    private func partition(_ worker: ChaosWorker, for time: Duration) {
        let (name, from) = (worker.name, ChaosBook.now)
        worker.proxy?.pause()
        later(time) { [book] in
            worker.proxy?.resume()
            book.note(.partition, name, from: from)
        }
    }

    /// Ends the store's own process and starts it again.
    func restart() async throws {
        let from = ChaosBook.now
        if try await scene.target.restart() { book.note(.storeRestarted, nil, from: from) }
    }

    /// Cuts all workers off, or fills all their disks, and waits until that is over.
    func silence(_ time: Duration) async throws {
        let from = ChaosBook.now
        for worker in workers {
            worker.proxy?.pause()
            try worker.disk?.fail(.full)
        }
        try await Task.sleep(for: time)
        for worker in workers {
            worker.proxy?.resume()
            worker.disk?.mend()
        }
        book.note(workers.contains { $0.proxy != nil } ? .silence : .diskFull, nil, from: from)
    }

    private func later(_ time: Duration, _ end: @escaping @Sendable () -> Void) {
        let task = Task {
            try? await Task.sleep(for: time)
            end()
        }
        state.withLock { $0.pending.append(task) }
    }

    /// Starts again whoever has ended.
    func respawn() async throws { for worker in workers { try await worker.respawn() } }

    /// Waits until every fault is over.
    func heal() async throws {
        for task in state.withLock({ $0.pending }) { await task.value }
        try await respawn()
    }
}
