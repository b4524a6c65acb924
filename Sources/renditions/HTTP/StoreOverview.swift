import Foundation
import RenditionCore

/// What the store's queue holds, looked at for all watchers together.
///
/// A look costs requests, and more the more work is owed: it is made when somebody asks, and the next one not before ten times
/// as long has passed as it took.
actor StoreOverview {
    /// A photo that the queue gave up.
    struct Failure: Sendable, Hashable, Codable {
        var photo: String
        var gallery: String
        /// nil where the record is gone.
        var filename: String?
        var since: Timestamp
        var attempts: Int
        var lastWorker: String?
        var code: String?
        var stage: String?
        var message: String?
        var detail: String?
    }

    /// What was seen at one moment.
    struct View: Sendable {
        var depth: QueueDepth
        var leased: [Job]
        /// Originals' names by their photos' ids, as far as they were looked up.
        var names: [String: String]
        /// The failures that were looked at, those of late first. There may be more: `depth.dead` counts all.
        var failures: [Failure]
        var at: Timestamp
    }

    /// Rows that a look reads of each kind.
    static let most = 100

    private let store: any PhotoStore
    private var last: (view: View, ended: ContinuousClock.Instant, took: Duration)?
    private var failure: (error: any Error, ended: ContinuousClock.Instant)?
    private var isLooking = false
    /// By photo; an empty one where the record is gone.
    private var names: [String: String] = [:]

    init(store: any PhotoStore) { self.store = store }

    /// - Parameters:
    ///   - age: How old the answer may be.
    ///   - patience: How long to wait for the store, which goes on being asked behind this.
    /// - Throws: A ``RenditionError`` of stage `store`.
    func view(atMost age: Duration = .seconds(1), patience: Duration) async throws -> View {
        if let last, .now - last.ended < max(age, last.took * 10) { return last.view }
        if !isLooking {
            isLooking = true
            Task { await look() }
        }
        let began = ContinuousClock.now
        while .now - began < patience {
            try await Task.sleep(for: .milliseconds(10))
            if let last, last.ended >= began { return last.view }
            if let failure, failure.ended >= began { throw failure.error }
        }
        throw RenditionError(
            code: "slow", stage: .store, retriable: true,
            message: "The store has not answered for \(Int(patience.seconds)) s.")
    }

    /// Has the next answer looked at afresh.
    func forget() { last = nil }

    private func look() async {
        let began = ContinuousClock.now
        do {
            let view = try await seen()
            last = (view, .now, .now - began)
        } catch {
            failure = (error, .now)
        }
        isLooking = false
    }

    private func seen() async throws -> View {
        let depth = try await store.queue.depth()
        let leased = depth.leased == 0 ? [] : try await store.queue.leased(upTo: Self.most)
        let failures = depth.dead == 0 ? [] : try await self.failures()
        let known = try await lookUp(leased.map(\.photo.id) + failures.map(\.photo.id))
        return View(
            depth: depth, leased: leased, names: known,
            failures: failures.map { Failure($0, filename: known[$0.photo.id]) }, at: store.clock.now)
    }

    private func failures() async throws -> [DeadLetter] {
        var letters: [DeadLetter] = []
        try await store.queue.deadLetters { page in
            letters += page
            return letters.count < Self.most
        }
        letters.sort { $0.since > $1.since }
        return Array(letters.prefix(Self.most))
    }

    /// The names of photos; those seen before aren't asked for again.
    private func lookUp(_ ids: [String]) async throws -> [String: String] {
        var known: [String: String] = [:]
        for id in ids {
            var name = names[id]
            if name == nil {
                do {
                    name = try await store.records.record(id)?.filename ?? ""
                } catch  where (error as? RenditionError)?.isOutage != true {
                    // A record that can't be read keeps nobody from seeing the others.
                    name = ""
                }
            }
            known[id] = name
        }
        names = known
        return known.filter { !$0.value.isEmpty }
    }
}

extension StoreOverview.Failure {
    init(_ letter: DeadLetter, filename: String?) {
        self.init(
            photo: letter.photo.id, gallery: letter.photo.galleryID, filename: filename, since: letter.since,
            attempts: letter.attempts, lastWorker: letter.lastOwner, code: letter.error?.code,
            stage: letter.error?.stage.rawValue, message: letter.error?.message, detail: letter.error?.detail)
    }
}
