import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@Suite("The bounded Dispatch pool", .timeLimit(.minutes(1)))
struct DispatchPoolTests {
    @Test func noMoreThanItsWidthRunsAtOnce() async throws {
        let pool = DispatchPool(width: 3, label: "test")
        let running = Gauge()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    try await pool.run {
                        running.take()
                        usleep(2000)
                        running.giveBack()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(running.peak == 3)
    }

    @Test func blockedThreadsLeaveSwiftsOwnFree() async throws {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let pool = DispatchPool(width: cores * 4, label: "test")
        let gate = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<(cores * 4) { group.addTask { try await pool.run { gate.pass() } } }
            // With a thread a core held, this would never get its turn to open the gate.
            try await Task.sleep(for: .milliseconds(20))
            await withTaskGroup(of: Void.self) { others in
                for _ in 0..<(cores * 8) { others.addTask { await Task.yield() } }
            }
            gate.open()
            try await group.waitForAll()
        }
    }

    /// A lease's renewal must not wait behind renders.
    @Test func aBusyPoolHoldsUpNoOther() async throws {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let (busy, other) = (DispatchPool(width: cores * 2, label: "busy"), DispatchPool(width: 1, label: "other"))
        let gate = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<(cores * 2) { group.addTask { try await busy.run { gate.pass() } } }
            try await Task.sleep(for: .milliseconds(20))
            try await other.run {}
            gate.open()
            try await group.waitForAll()
        }
    }

    @Test func errorsComeBack() async {
        let pool = DispatchPool(width: 1, label: "test")
        await #expect(throws: CocoaError.self) { try await pool.run { throw CocoaError(.fileNoSuchFile) } }
        await #expect(throws: Never.self) { try await pool.run {} }
    }

    @Test func aCancelledJobThatWaitsNeverStarts() async throws {
        let pool = DispatchPool(width: 1, label: "test")
        let gate = Gate()
        let started = Gauge()
        let running = Gauge()
        let first = Task {
            try await pool.run {
                running.take()
                gate.pass()
            }
        }
        while running.peak == 0 { try await Task.sleep(for: .milliseconds(1)) }
        let second = Task { try await pool.run { started.take() } }
        try await Task.sleep(for: .milliseconds(20))
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        gate.open()
        try await first.value
        try await pool.run {}
        #expect(started.peak == 0)
    }
}
