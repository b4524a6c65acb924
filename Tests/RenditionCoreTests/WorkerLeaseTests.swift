import Foundation
import Logging
import RenditionCore
import RenditionLocal
import RenditionTestKit
import Synchronization
import Testing

/// What becomes of photos in hand when a lease is lost, the worker is stopped, or the store is out.
@Suite("The worker's leases", .timeLimit(.minutes(2)))
struct WorkerLeaseTests: WorkerStage {
    let folder = TestFolder()
    let store: LocalStore

    init() throws { store = try LocalStore(directory: folder.path("store"), creates: true) }

    @Test func aWorkerThatLostItsLeaseChangesNothing() async throws {
        let id = try await importPhoto()
        let (queue, entered) = (store.queue, Gauge())
        let gate = Gate()
        let renderer = StubRenderer { _, _ in
            entered.take()
            gate.pass()
        }
        let reports = Reports()
        let slow = worker(renderer, onPhoto: { reports.add($0) })
        let running = Task { await slow.run() }
        while entered.peak == 0 { try await Task.sleep(for: .milliseconds(5)) }
        // What the sweeper does when a lease has run out, and another worker's claim after that.
        let held = try #require(try await queue.job(id))
        #expect(held.state == .leased)
        // The running worker can't claim it: by its clock the other's lease ends in an hour.
        let clock = ManualClock(store.clock.now)
        clock.advance(by: .seconds(3600))
        let other = try LocalStore(directory: folder.path("store"), creates: false, clock: clock)
        #expect(try await other.queue.reap() == 1)
        let mine = try #require(try await other.queue.claim(upTo: 1, owner: "other", lease: .seconds(60)).first)
        gate.open()
        // The loser is done with the photo when it has said so.
        while reports.all.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        #expect(renditions().isEmpty)
        #expect(try await store.records.record(id)?.status == "processing")
        #expect(reports.all.map(\.outcome) == [.abandoned])
        #expect(try await other.queue.finish(mine, recipe: "r") == .done)
        _ = await running.value
    }

    @Test func stoppingFinishesWhatIsInHandAndHandsBackTheRest() async throws {
        for index in 0..<6 { _ = try await importPhoto("\(index).jpg", "photo \(index)") }
        let (entered, gate) = (Gauge(), Gate())
        let renderer = StubRenderer { _, _ in
            entered.take()
            gate.pass()
        }
        // Room for one photo in hand and one thread: the others wait in line.
        let stopped = worker(renderer, drain: false, threads: 1, adjust: { $0.memoryBudget = 100 << 20 })
        let running = Task { await stopped.run() }
        while entered.peak == 0 { try await Task.sleep(for: .milliseconds(5)) }
        stopped.stop()
        gate.open()
        #expect(await running.value == 0)
        let depth = try await store.queue.depth()
        #expect(depth.leased == 0)
        #expect(depth.due >= 4)
        #expect(renditions().count == 4 * (6 - depth.due))
        for job in try await store.records.gallery("g") {
            #expect(try await store.queue.job(job.id)?.attempts == 0)
        }
    }

    @Test func whatOutlastsTheGracePeriodIsHandedBack() async throws {
        let id = try await importPhoto()
        let (entered, gate) = (Gauge(), Gate())
        let renderer = StubRenderer { _, _ in
            entered.take()
            gate.pass()
        }
        let stopped = worker(renderer, drain: false, adjust: { $0.grace = .milliseconds(50) })
        let running = Task { await stopped.run() }
        while entered.peak == 0 { try await Task.sleep(for: .milliseconds(5)) }
        stopped.stop()
        #expect(await running.value == 1)
        let job = try #require(try await store.queue.job(id))
        #expect((job.state, job.attempts) == (.queued, 0))
        gate.open()
        try await Task.sleep(for: .milliseconds(100))
        #expect(renditions().isEmpty, "what was handed back is not published any more")
    }

    @Test func aLongRenderHoldsUpNothingElse() async throws {
        let slow = try await importPhoto("slow.jpg", "slow")
        var others: [String] = []
        for index in 0..<5 { others.append(try await importPhoto("\(index).jpg", "photo \(index)")) }
        let gate = Gate()
        let renderer = StubRenderer { bytes, _ in if bytes == Array("slow".utf8) { gate.pass() } }
        let running = Task { [worker = worker(renderer)] in await worker.run() }
        // Fetched, rendered, published and committed while one of two threads is held.
        while try await store.queue.depth().owed > 1 { try await Task.sleep(for: .milliseconds(10)) }
        for id in others { #expect(try await store.records.record(id)?.status == "active") }
        #expect(try await store.records.record(slow)?.status == "processing")
        gate.open()
        _ = await running.value
        #expect(try await store.records.record(slow)?.status == "active")
    }

    @Test func anOutageThatOutlastsTheLeaseBurnsNoAttempt() async throws {
        let id = try await importPhoto()
        let (out, entered, gate) = (OutageStore(store), Gauge(), Gate())
        let renderer = StubRenderer { _, _ in
            entered.take()
            gate.pass()
        }
        let patient = worker(
            renderer, on: out,
            adjust: {
                $0.lease = .seconds(2)
                $0.heartbeat = .milliseconds(300)
                $0.abortAfter = .milliseconds(1600)
            })
        let running = Task { await patient.run() }
        while entered.peak == 0 { try await Task.sleep(for: .milliseconds(5)) }
        out.setOutage(true)
        gate.open()
        let due = try #require(try await store.queue.job(id)?.dueAt)
        while store.clock.now < due + .milliseconds(500) { try await Task.sleep(for: .milliseconds(50)) }
        out.setOutage(false)
        _ = await running.value
        #expect(try await store.records.record(id)?.status == "active")
        let attempts = try await store.queue.history(id).filter { $0.kind == .claimed }.map(\.attempt)
        #expect(attempts == [1, 1])
    }

    @Test func leasesAreRenewedBehindLongRenders() async throws {
        let id = try await importPhoto()
        let (entered, gate) = (Gauge(), Gate())
        let renderer = StubRenderer { _, _ in
            entered.take()
            gate.pass()
        }
        let patient = worker(
            renderer,
            adjust: {
                $0.lease = .seconds(10)
                $0.heartbeat = .milliseconds(500)
                $0.abortAfter = .seconds(9)
            })
        let running = Task { await patient.run() }
        while entered.peak == 0 { try await Task.sleep(for: .milliseconds(5)) }
        // Longer than the lease that was claimed.
        let due = try #require(try await store.queue.job(id)?.dueAt)
        while store.clock.now < due { try await Task.sleep(for: .milliseconds(50)) }
        #expect(try await store.queue.reap() == 0)
        gate.open()
        _ = await running.value
        #expect(try await store.records.record(id)?.status == "active")
        #expect(try await store.queue.job(id)?.fence == 1)
    }
}
