import Foundation
import RenditionCore
import RenditionLocal
import RenditionTestKit
import Synchronization
import Testing

/// A worker that renders chosen photos and nothing else.
@Suite("Chosen photos", .timeLimit(.minutes(2)))
struct ChosenStoreTests: WorkerStage {
    let folder = TestFolder()
    let store: LocalStore

    init() throws { store = try LocalStore(directory: folder.path("store"), creates: true) }

    private final class Ends: Sendable {
        private let list = Mutex<[String: [ChosenEnd]]>([:])
        var all: [String: [ChosenEnd]] { list.withLock { $0 } }
        func add(_ photo: PhotoRef, _ end: ChosenEnd) { list.withLock { $0[photo.id, default: []].append(end) } }
    }

    private func drain(
        _ chosen: ChosenStore, _ renderer: StubRenderer, adjust: (inout WorkerConfiguration) -> Void = { _ in }
    ) async -> [PhotoReport] {
        let reports = Reports()
        _ = await worker(renderer, on: chosen, adjust: adjust) { reports.add($0) }.run()
        return reports.all
    }

    @Test func theyAreRenderedHereAndOthersStayInTheQueue() async throws {
        var ids: [String] = []
        for number in 1...3 { ids.append(try await importPhoto("\(number).jpg")) }
        let ends = Ends()
        let chosen = ChosenStore(store, onEnd: ends.add)
        try await chosen.choose(ids.prefix(2).map { ChosenPhoto(PhotoRef(id: $0, galleryID: "g")) })
        chosen.complete()
        let reports = await drain(chosen, StubRenderer())
        #expect(Set(reports.map(\.photo)) == Set(ids.prefix(2)))
        #expect(ends.all == [ids[0]: [.done], ids[1]: [.done]])
        #expect(try await store.queue.job(ids[2])?.state == .queued)
    }

    @Test func whatIsCurrentIsRenderedOnlyWhenForced() async throws {
        let photo = PhotoRef(id: try await importPhoto(), galleryID: "g")
        let renderer = StubRenderer()
        for (isForced, calls) in [(false, 1), (false, 1), (true, 2)] {
            let chosen = ChosenStore(store)
            try await chosen.choose([ChosenPhoto(photo, note: JobNote(isForced: isForced))])
            chosen.complete()
            _ = await drain(chosen, renderer)
            #expect(renderer.calls == calls)
        }
    }

    @Test func aFailureIsTriedAgainAndThenTold() async throws {
        let (good, bad) = (try await importPhoto("good.jpg"), try await importPhoto("bad.jpg", "bad"))
        let ends = Ends()
        let chosen = ChosenStore(store, onEnd: ends.add)
        let renderer = StubRenderer { original, _ in
            guard original == Array("bad".utf8) else { return }
            throw RenditionError(code: "test", stage: .render, retriable: true, message: "For the test.")
        }
        try await chosen.choose([good, bad].map { ChosenPhoto(PhotoRef(id: $0, galleryID: "g")) })
        chosen.complete()
        let reports = await drain(chosen, renderer) { $0.maxAttempts = 3 }
        #expect(reports.filter { $0.photo == bad }.map(\.outcome) == [.retry, .retry, .failed])
        #expect(ends.all[good] == [.done])
        guard case .failed(let error)? = ends.all[bad]?.first else {
            Issue.record("no failure is told")
            return
        }
        #expect(error?.code == "test")
    }

    @Test func oneThatAnotherHoldsIsLeftToItAndWaitedFor() async throws {
        let photo = PhotoRef(id: try await importPhoto(), galleryID: "g")
        let lease = try #require(try await store.queue.claim(upTo: 1, owner: "other", lease: .seconds(60)).first)
        let (ends, renderer) = (Ends(), StubRenderer())
        let chosen = ChosenStore(store, onEnd: ends.add)
        try await chosen.choose([ChosenPhoto(photo)])
        chosen.complete()
        async let reports = drain(chosen, renderer)
        // It was queued again meanwhile, so that the other's end is not the photo's.
        while try await store.queue.job(photo.id)?.generation == 1 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(renderer.calls == 0)
        #expect(ends.all.isEmpty)
        #expect(try await store.queue.finish(lease, recipe: "other") == .requeued)
        #expect(await reports.map(\.photo) == [photo.id])
        #expect(ends.all == [photo.id: [.done]])
    }

    @Test func oneThatAnotherFinishesIsNotRenderedHere() async throws {
        let photo = PhotoRef(id: try await importPhoto(), galleryID: "g")
        let lease = try #require(try await store.queue.claim(upTo: 1, owner: "other", lease: .seconds(60)).first)
        let (ends, renderer) = (Ends(), StubRenderer())
        let chosen = ChosenStore(store, onEnd: ends.add)
        try await chosen.choose([ChosenPhoto(photo, isQueued: true)])
        chosen.complete()
        async let reports = drain(chosen, renderer)
        #expect(try await store.queue.finish(lease, recipe: "other") == .done)
        #expect(await reports.isEmpty)
        #expect(ends.all == [photo.id: [.done]])
        #expect(renderer.calls == 0)
    }

    @Test func oneWhoseHolderDiedIsTakenBack() async throws {
        let photo = PhotoRef(id: try await importPhoto(), galleryID: "g")
        _ = try await store.queue.claim(upTo: 1, owner: "dead", lease: .milliseconds(1))
        let chosen = ChosenStore(store)
        try await chosen.choose([ChosenPhoto(photo, isQueued: true)])
        chosen.complete()
        #expect(await drain(chosen, StubRenderer()).map(\.outcome) == [.done])
    }

    @Test func theWorkerWaitsUntilAllAreChosen() async throws {
        let ids = [try await importPhoto("a.jpg"), try await importPhoto("b.jpg")]
        let ends = Ends()
        let chosen = ChosenStore(store, onEnd: ends.add)
        async let reports = drain(chosen, StubRenderer())
        for id in ids {
            try await chosen.choose([ChosenPhoto(PhotoRef(id: id, galleryID: "g"))])
            while ends.all[id] == nil { try await Task.sleep(for: .milliseconds(5)) }
        }
        chosen.complete()
        #expect(await reports.count == 2)
    }

    @Test func anOutageOfTheQueueCostsNone() async throws {
        var ids: [String] = []
        for number in 1...4 { ids.append(try await importPhoto("\(number).jpg")) }
        let outage = OutageStore(store)
        let ends = Ends()
        let chosen = ChosenStore(outage, onEnd: ends.add)
        let renderer = StubRenderer { _, call in if call == 2 { outage.setOutage(true) } }
        try await chosen.choose(ids.map { ChosenPhoto(PhotoRef(id: $0, galleryID: "g")) })
        chosen.complete()
        async let reports = drain(chosen, renderer)
        while renderer.calls < 2 { try await Task.sleep(for: .milliseconds(5)) }
        try await Task.sleep(for: .milliseconds(300))
        outage.setOutage(false)
        _ = await reports
        #expect(ends.all == Dictionary(uniqueKeysWithValues: ids.map { ($0, [.done]) }))
        for id in ids { #expect(try await store.queue.history(id).contains { $0.kind == .done }) }
    }
}
