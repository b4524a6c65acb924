import Synchronization

/// Wakes a waiting loop early: a wait with a time limit that anybody may cut short. Any thread may ring.
package final class Bell: Sendable {
    private struct State {
        var rung = false
        var nextID: UInt64 = 0
        var sleepers: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// Ends all waits, or the next one where nobody waits.
    package func ring() {
        let sleepers = state.withLock { state in
            let sleepers = Array(state.sleepers.values)
            state.sleepers = [:]
            state.rung = sleepers.isEmpty
            return sleepers
        }
        for sleeper in sleepers { sleeper.resume() }
    }

    /// Suspends until somebody rings, or the time is up.
    package func wait(atMost duration: Duration) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let alarm = Mutex<Task<Void, Never>?>(nil)
        await withCheckedContinuation { continuation in
            let rung = state.withLock { state in
                if state.rung {
                    state.rung = false
                    return true
                }
                state.sleepers[id] = continuation
                return false
            }
            if rung {
                continuation.resume()
                return
            }
            // Set once there is somebody to wake, however short the wait is.
            let task = Task {
                try? await Task.sleep(for: duration)
                self.wake(id)
            }
            alarm.withLock { $0 = task }
        }
        alarm.withLock { $0?.cancel() }
    }

    private func wake(_ id: UInt64) {
        state.withLock { $0.sleepers.removeValue(forKey: id) }?.resume()
    }
}
