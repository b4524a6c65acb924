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

    enum Blow: CaseIterable { case kill, stop, terminate, partition, storm, restart }

    let workers: [ChaosWorker]
    private let target: any ChaosTarget
    private let book: ChaosBook
    private let lease: Duration
    private let weathers: Mutex<[Weather?]>
    private let pending = Mutex<[Task<Void, Never>]>([])

    /// - Parameter lease: What the workers' leases last.
    init(_ workers: [ChaosWorker], _ target: any ChaosTarget, _ book: ChaosBook, lease: Duration, seed: UInt64) {
        self.workers = workers
        self.target = target
        self.book = book
        self.lease = lease
        weathers = Mutex(workers.map { _ in nil })
        for (number, worker) in workers.enumerated() {
            let random = Mutex(SplitMix(seed: seed &+ UInt64(number) &* 7919))
            worker.proxy?.onRequest { [weak self, weak worker] seen in
                guard let self, let worker, let weather = weathers.withLock({ $0[number] }) else { return .pass }
                let (chance, kind) = random.withLock { random in
                    (Int.random(in: 0..<100, using: &random), weather.kinds.randomElement(using: &random) ?? .delayed)
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
        // The answer's end or middle; only S3's bodies say what they have to be.
        case .bodyCut: return seen.name == "S3.GET" ? .cutBody(after: 1000) : nil
        case .wrongBytes: return seen.name == "S3.GET" ? .corruptBody : nil
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
        var blows: [Blow] = [.kill, .kill, .stop, .terminate]
        if worker.proxy != nil { blows += [.partition, .partition, .storm, .storm, .storm, .storm] }
        let blow = blows.randomElement(using: &random)!
        // A stopped worker has enough.
        guard !worker.isStopped else { return }
        switch blow {
        case .kill:
            book.note(.killed, worker.name)
            worker.signal(SIGKILL)
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
        case .partition:
            let (name, from) = (worker.name, ChaosBook.now)
            worker.proxy?.pause()
            later(Bool.random(using: &random) ? long : short) { [book] in
                worker.proxy?.resume()
                book.note(.partition, name, from: from)
            }
        case .storm:
            weathers.withLock { $0[number] = Weather(kinds: kinds, percent: percent) }
            later(short) { [self] in weathers.withLock { $0[number] = nil } }
        case .restart: try await restart()
        }
    }

    /// Ends the store's own process and starts it again.
    func restart() async throws {
        let from = ChaosBook.now
        if try await target.restart() { book.note(.storeRestarted, nil, from: from) }
    }

    private func later(_ time: Duration, _ end: @escaping @Sendable () -> Void) {
        let task = Task {
            try? await Task.sleep(for: time)
            end()
        }
        pending.withLock { $0.append(task) }
    }

    /// Starts again whoever has ended.
    func respawn() throws { for worker in workers { try worker.respawn() } }

    /// Waits until every fault is over.
    func heal() async throws {
        for task in pending.withLock({ $0 }) { await task.value }
        try respawn()
    }
}
