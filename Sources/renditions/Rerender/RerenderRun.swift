import Foundation
import Logging
import RenditionCore
import Synchronization

/// A run from its first photo, or from where another process stopped, to its last.
struct RerenderRun: Sendable {
    let journal: RunJournal
    let selection: PhotoSelection
    let store: any PhotoStore
    let tally: RunTally
    let logger: Logger

    private var plan: RerenderPlan { journal.header.plan }

    /// What is to be done for a photo that was chosen.
    private enum Step {
        /// To be queued, in this lane.
        case queue(LaneClass)
        /// It is in the queue: somebody, perhaps this run, has put it there.
        case follow(isSuspect: Bool)
        case ended(ChosenEnd)
    }

    /// Decides by a photo's row.
    ///
    /// - Parameter past: The generation that the row must have exceeded to have been queued since the photo was chosen.
    private func step(_ job: Job?, past: Int) -> Step {
        guard let job else { return .queue(.batch) }
        if job.generation > past {
            switch job.state {
            // Whoever queued it meanwhile, an upload or a retry, may not have said that it is to be rendered even where it
            // is current.
            case .queued, .leased:
                return plan.rendersCurrent && !job.note.isForced
                    ? .queue(job.lane) : .follow(isSuspect: job.attempts > 0)
            case .done: return .ended(.done)
            case .dead: return .ended(.failed(job.lastError))
            }
        }
        // Who waits keeps their place: a re-render never puts an upload behind.
        return .queue([.queued, .leased].contains(job.state) ? job.lane : .batch)
    }

    /// The generation that is past for a photo that is chosen now. One that waits will be rendered anyway, unless it is to
    /// be rendered even where it is current.
    private func past(_ job: Job?) -> Int {
        guard let job else { return 0 }
        return job.state == .queued && !plan.rendersCurrent ? job.generation - 1 : job.generation
    }

    /// Hands over all photos of the run, those of the journal first, with their rows.
    ///
    /// A selection that was interrupted is made anew, and leaves out what the journal has.
    private func photos(
        _ body: ([(photo: PhotoRef, job: Job?, past: Int)], _ isResumed: Bool) async throws -> Void
    ) async throws {
        var known: Set<String> = []
        let isWhole = try await journal.entries { entries in
            try Task.checkCancellation()
            known.formUnion(entries.map(\.id))
            tally.chose(entries.count)
            let jobs = try await store.queue.jobs(entries.map(\.id))
            try await body(
                entries.map { (PhotoRef(id: $0.id, galleryID: $0.gallery), jobs[$0.id], $0.past) }, true)
        }
        if !isWhole {
            try await selection.run { [known] selected in
                let new = selected.filter { !known.contains($0.record.id) }
                guard !new.isEmpty else { return }
                let entries = new.map {
                    RunJournal.Entry(id: $0.record.id, gallery: $0.record.galleryID, past: past($0.job))
                }
                try journal.append(entries)
                tally.chose(new.count)
                if plan.now {
                    // Read here and kept, so that the worker's photos needn't each ask who their photographer is.
                    for photo in new { _ = try await selection.photographers.instructions(for: photo.record) }
                }
                try await body(zip(new, entries).map { ($0.photo, $0.job, $1.past) }, false)
            }
            try journal.complete()
        }
        tally.choseAll()
    }

    // MARK: In this process

    /// Renders them here.
    func renderHere(_ here: RenderHere) async throws -> RenderHere.End {
        try await here.run { chosen in
            try await photos { photos, isResumed in
                var chosenPhotos: [ChosenPhoto] = []
                for (photo, job, past) in photos {
                    switch step(job, past: past) {
                    case .queue(let lane): chosenPhotos.append(ChosenPhoto(photo, lane: lane, note: plan.note))
                    case .follow(let isSuspect):
                        chosenPhotos.append(ChosenPhoto(photo, isQueued: true, isSuspect: isSuspect))
                    case .ended(let end): tally.ended(photo, end, before: isResumed)
                    }
                }
                try await chosen.choose(chosenPhotos)
            }
        }
    }

    // MARK: In the fleet

    /// Photos that are queued at once.
    private static let width = 16

    /// Queues them for the fleet, and follows them to their ends.
    ///
    /// - Parameter detaching: Whether to leave them once they are queued.
    /// - Returns: whether a signal asked to end.
    func queue(detaching: Bool) async throws -> Bool {
        let follow = FollowQueue(store.queue, tally)
        let wasStopped = Mutex(false)
        let work = Mutex<Task<Void, any Error>?>(nil)
        let service = StoppableService {
            let task = Task {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await queueAll(follow) }
                    if !detaching {
                        // It begins beside the queueing, which may take long.
                        group.addTask {
                            while await !(follow.isEmpty && tally.counts.isWhole) {
                                try await Task.sleep(for: .seconds(1))
                                try await patiently { try await follow.look() }
                            }
                        }
                    }
                    // The first failure ends the other: without all photos, following has no end.
                    for try await _ in group {}
                }
            }
            work.withLock { $0 = task }
            if wasStopped.withLock({ $0 }) { task.cancel() }
            do {
                try await task.value
            } catch {
                guard wasStopped.withLock({ $0 }) else { throw error }
            }
        } onStop: {
            wasStopped.withLock { $0 = true }
            work.withLock { $0 }?.cancel()
        }
        try await SignalledGroup.run(service, logger: logger)
        return wasStopped.withLock { $0 }
    }

    private func queueAll(_ follow: FollowQueue) async throws {
        try await photos { photos, isResumed in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, (photo, job, past)) in photos.enumerated() {
                    switch step(job, past: past) {
                    case .queue(let lane):
                        if index >= Self.width { try await group.next() }
                        group.addTask { try await store.queue.enqueue(photo, lane: lane, note: plan.note) }
                    case .follow: break
                    case .ended(let end): tally.ended(photo, end, before: isResumed)
                    }
                }
                try await group.waitForAll()
            }
            store.doorbell.ring()
            await follow.add(
                photos.compactMap { photo, job, past in
                    if case .ended = step(job, past: past) { nil } else { photo }
                })
        }
    }

    /// Goes on looking through an outage: what was queued is queued.
    private func patiently(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as RenditionError where error.isOutage && error.retriable {
            logger.warning("The store is unable; it is asked again in 5 s: \(error)")
            try await Task.sleep(for: .seconds(5))
        }
    }
}
