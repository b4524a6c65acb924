import NIOCore
import Synchronization

/// What the connections of a ``FaultProxy`` share.
final class FaultTraffic: Sendable {
    struct Record: Sendable {
        var counts: [String: Int] = [:]
        var requests: [FaultProxy.Seen] = []
    }

    private struct State {
        var handler: @Sendable (FaultProxy.Seen) -> FaultProxy.Action = { _ in .pass }
        var record = Record()
        var connections = 0
        var open: [Int: any Channel] = [:]
        var isClosed = false
    }

    let upstream: HTTPExchange
    let valve = Valve()
    private let recording: Bool
    private let state = Mutex(State())

    init(_ upstream: HTTPExchange, recording: Bool) {
        self.upstream = upstream
        self.recording = recording
    }

    var record: Record { state.withLock { $0.record } }

    func onRequest(_ handler: @escaping @Sendable (FaultProxy.Seen) -> FaultProxy.Action) {
        state.withLock { $0.handler = handler }
    }

    func reset() {
        state.withLock { state in
            state.record = Record()
            state.handler = { _ in .pass }
        }
    }

    /// Counts a request and has it judged; the handler runs outside the lock, as it may ask for the counts.
    func judge(_ seen: FaultProxy.Seen) -> FaultProxy.Action {
        let handler = state.withLock { state in
            state.record.counts[seen.name, default: 0] += 1
            if recording {
                var bare = seen
                bare.body = ""
                state.record.requests.append(bare)
            }
            return state.handler
        }
        return handler(seen)
    }

    /// Numbers a connection.
    func opened(_ channel: any Channel) -> Int {
        let (number, isClosed) = state.withLock { state in
            state.connections += 1
            state.open[state.connections] = channel
            return (state.connections, state.isClosed)
        }
        if isClosed { channel.close(promise: nil) }
        return number
    }

    func closed(_ connection: Int) { state.withLock { _ = $0.open.removeValue(forKey: connection) } }

    func close() {
        let channels = state.withLock { state in
            state.isClosed = true
            return state.open.values.map { $0 }
        }
        for channel in channels { channel.close(promise: nil) }
        valve.open()
    }
}
