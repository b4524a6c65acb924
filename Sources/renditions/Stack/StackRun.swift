import Foundation
import NIOHTTP1
import RenditionAWS
import RenditionCore

/// Starts the parts of a stack one after another, each once the one before is ready, and ends them all in reverse order.
actor StackRun {
    /// Why the stack doesn't stand.
    struct Fault: Error, Sendable { var message: String }

    private struct Running {
        var part: StackPart
        var process: PartProcess
        var task: Task<Void, Never>
    }

    private let tell: @Sendable (_ name: String, _ line: String) -> Void
    private let transport: any Transport
    private let end = EndSignal()
    private let leash: PartProcess.Leash
    private var running: [Running] = []
    /// How parts ended, by name.
    private var ends: [String: String] = [:]

    /// - Parameter tell: Told each line with its part's name.
    init(
        _ leash: PartProcess.Leash, over transport: any Transport,
        _ tell: @escaping @Sendable (_ name: String, _ line: String) -> Void
    ) {
        self.leash = leash
        self.transport = transport
        self.tell = tell
    }

    /// Asks for the end.
    nonisolated func stop() { end.set() }

    nonisolated var isStopping: Bool { end.isSet }

    /// Starts a part and waits until it is ready.
    ///
    /// - Throws: ``Fault``; `CancellationError` where the end was asked for meanwhile.
    func start(_ part: StackPart) async throws {
        if isStopping { throw CancellationError() }
        say("\(part.name): starting; waiting for \(part.awaited)")
        let process = PartProcess(part, on: leash)
        let task = Task {
            let how: String
            do {
                how = try await process.run { [tell] in tell(part.name, $0) } ?? "in order"
            } catch {
                how = "\(error)"
            }
            ended(part, how)
        }
        running.append(Running(part: part, process: process, task: task))
        let began = ContinuousClock.now
        var reminded = began
        while true {
            if isStopping { throw CancellationError() }
            if let how = ends[part.name] {
                if case .ends = part.readiness, how == "in order" { return say("\(part.name): done") }
                throw Fault(message: "\(part.name) ended (\(how)) before it was ready; its own lines above say why.")
            }
            if await isReady(part) { return say("\(part.name): ready") }
            if .now - reminded > .seconds(10) {
                reminded = .now
                say("\(part.name): still waiting for \(part.awaited), for \(Int((.now - began).seconds)) s")
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Waits until the end is asked for, or a part ends that shouldn't.
    ///
    /// - Throws: ``Fault`` for the latter.
    func watch() async throws {
        while !isStopping {
            for entry in running {
                guard case .answers = entry.part.readiness, let how = ends[entry.part.name] else { continue }
                throw Fault(message: "\(entry.part.name) ended (\(how)); everything else is ended too.")
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Ends all parts, the last one first, and waits until they have.
    func finish() async {
        for entry in running.reversed() {
            if ends[entry.part.name] == nil { say("\(entry.part.name): ending") }
            entry.process.stop()
            let timer = Task {
                try await Task.sleep(for: entry.part.grace + .seconds(5))
                entry.process.end()
            }
            await entry.task.value
            timer.cancel()
        }
        running = []
    }

    private func ended(_ part: StackPart, _ how: String) { ends[part.name] = how }

    private func say(_ line: String) { tell("stack", line) }

    private func isReady(_ part: StackPart) async -> Bool {
        guard case .answers(let url, let text) = part.readiness, let parts = URLComponents(string: url),
            let endpoint = Endpoint("http://\(parts.host ?? ""):\(parts.port ?? 80)")
        else { return false }
        let request = WireRequest(.GET, endpoint, path: parts.path.isEmpty ? "/" : parts.path)
        guard let answer = try? await transport.send(request, limit: 1 << 20, deadline: .seconds(2)) else {
            return false
        }
        return answer.status == 200 && (text.isEmpty || String(decoding: answer.body, as: UTF8.self).contains(text))
    }
}
