import Foundation
import RenditionCore

/// What `/status` answers, the page shows and `renditions top` draws.
struct StatusDocument: Codable, Sendable {
    /// The worker that answers.
    struct Worker: Codable, Sendable {
        var owner: String
        /// `starting`, `working`, `idle`, `paused` or `stopping`.
        var state: String
        /// Why it is paused.
        var reason: String?
        var threads: Int
        /// When a change of the settings was refused that nobody has mended yet.
        var settingsRefused: Timestamp?
        /// Seconds since its start.
        var uptime: Int
        /// Photos done in the last sixty seconds, and in each of the last sixty minutes, the running one last.
        var photosPerMinute: Int
        var perMinute: [Int]
        var visible: Visible
        var done: Int
        var alreadyCurrent: Int
        var retried: Int
        var failed: Int
        var bytesRead: Int
        var bytesWritten: Int
        var recent: [WorkerStatus.Recent]
    }

    /// Seconds from upload to the record's completion, over the last thousand photos of the last hour. nil where there are none.
    struct Visible: Codable, Sendable {
        var count: Int
        var p50: Double?
        var p95: Double?
        var p99: Double?
    }

    struct Queue: Codable, Sendable {
        var expedite: Int
        var fresh: Int
        var batch: Int
        /// Of these, what may be claimed now, and what waits for another attempt.
        var due: Int
        var delayed: Int
        var leased: Int
        var dead: Int
        /// How long the oldest work could have been claimed, in seconds.
        var oldestDue: Double?
    }

    /// A worker of the store, as its leases tell.
    struct Holder: Codable, Sendable {
        var owner: String
        /// Whether it is the one that answers.
        var isThis: Bool
        var photos: [WorkerStatus.InHand]
    }

    var version: String
    var store: String
    var at: Timestamp
    var worker: Worker?
    /// nil while the store can't be asked.
    var queue: Queue?
    /// Why the store can't be asked.
    var problem: String?
    var workers: [Holder]
    var failures: [StoreOverview.Failure]
}

extension StatusDocument {
    /// - Parameters:
    ///   - watched: The worker that answers, its name, its threads and its settings; nil where none does.
    ///   - overview: The store's queue, or why it can't be asked.
    init(
        store: any PhotoStore,
        watched: (status: WorkerStatus.Snapshot, owner: String, threads: Int, settings: SettingsReload.State?)?,
        overview: Result<StoreOverview.View, any Error>
    ) {
        version = Renditions.version
        self.store = store.summary
        at = store.clock.now
        worker = watched.map { Worker($0.status, owner: $0.owner, threads: $0.threads, settings: $0.settings) }
        var holders: [Holder] = []
        if let watched {
            holders.append(Holder(owner: watched.owner, isThis: true, photos: watched.status.inHand))
        }
        switch overview {
        case .success(let view):
            queue = Queue(view.depth, at: view.at)
            failures = view.failures
            let others = Dictionary(grouping: view.leased.filter { $0.owner != watched?.owner }) { $0.owner ?? "?" }
            for (owner, jobs) in others.sorted(by: { $0.key < $1.key }) {
                let photos = jobs.map { job in
                    WorkerStatus.InHand(
                        photo: job.photo.id, gallery: job.photo.galleryID, filename: view.names[job.photo.id],
                        attempt: job.attempts)
                }
                holders.append(Holder(owner: owner, isThis: false, photos: photos.sorted { $0.photo < $1.photo }))
            }
        case .failure(let error):
            problem = (error as? RenditionError)?.message ?? "\(error)"
            failures = []
        }
        workers = holders
    }
}

extension StatusDocument.Queue {
    init(_ depth: QueueDepth, at moment: Timestamp) {
        self.init(
            expedite: depth.waiting[.expedite] ?? 0, fresh: depth.waiting[.fresh] ?? 0,
            batch: depth.waiting[.batch] ?? 0, due: depth.due, delayed: depth.delayed, leased: depth.leased,
            dead: depth.dead, oldestDue: depth.oldestDue.map { max(0, (moment - $0).seconds) })
    }
}

extension StatusDocument.Worker {
    init(_ status: WorkerStatus.Snapshot, owner: String, threads: Int, settings: SettingsReload.State?) {
        let visible = Distribution(status.visible)
        func percentile(_ percent: Double) -> Double? { visible.count == 0 ? nil : visible.percentile(percent) }
        let totals = status.totals
        self.init(
            owner: owner, state: status.condition.name(isIdle: status.inHand.isEmpty), reason: status.condition.reason,
            threads: threads, settingsRefused: settings?.refused, uptime: Int(status.age),
            photosPerMinute: status.lastMinute, perMinute: status.perMinute,
            visible: StatusDocument.Visible(
                count: visible.count, p50: percentile(50), p95: percentile(95), p99: percentile(99)),
            done: totals.outcomes[.done] ?? 0, alreadyCurrent: totals.alreadyCurrent,
            retried: totals.outcomes[.retry] ?? 0, failed: totals.outcomes[.failed] ?? 0, bytesRead: totals.bytesRead,
            bytesWritten: totals.bytesWritten, recent: status.recent)
    }
}

extension WorkerStatus.Condition {
    func name(isIdle: Bool) -> String {
        switch self {
        case .starting: "starting"
        case .working: isIdle ? "idle" : "working"
        case .paused: "paused"
        case .stopping: "stopping"
        }
    }

    var reason: String? {
        if case .paused(let reason) = self { reason } else { nil }
    }
}
