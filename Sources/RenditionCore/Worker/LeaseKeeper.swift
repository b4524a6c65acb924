import Logging

/// Holds the leases of all photos in hand and renews them on its own task, never behind a render.
///
/// A lease that the queue took away, or that could not be renewed in time, is lost: its photo's task is cancelled and
/// nothing of it may be published any more.
package actor LeaseKeeper {
    private struct Held {
        let lease: Lease
        /// When the last successful renewal was sent, so that the store's own time is never later.
        var renewed: ContinuousClock.Instant
        var cancel: (@Sendable () -> Void)?
        var isRenewing = false
    }

    private let queue: any JobQueue
    private let duration: Duration
    private let heartbeat: Duration
    private let abortAfter: Duration
    private let logger: Logger
    private let clock = ContinuousClock()
    private var held: [String: Held] = [:]

    package init(queue: any JobQueue, configuration: WorkerConfiguration, logger: Logger) {
        self.queue = queue
        duration = configuration.lease
        heartbeat = configuration.heartbeat
        abortAfter = configuration.abortAfter
        self.logger = logger
    }

    package var count: Int { held.count }

    package var leases: [Lease] { held.values.map(\.lease) }

    /// Starts to keep a lease.
    ///
    /// - Parameter claimed: When the claim was sent.
    package func hold(_ lease: Lease, claimed: ContinuousClock.Instant) {
        held[lease.token] = Held(lease: lease, renewed: claimed)
    }

    /// Says what stops the work when the lease is lost; at once where it is lost already.
    package func onLoss(of lease: Lease, cancel: @escaping @Sendable () -> Void) {
        if held[lease.token] == nil { cancel() } else { held[lease.token]?.cancel = cancel }
    }

    /// Stops keeping a lease.
    package func drop(_ lease: Lease) { held[lease.token] = nil }

    /// Whether it is certain that nobody else has claimed the photo meanwhile.
    package func isMine(_ lease: Lease) -> Bool {
        guard let entry = held[lease.token] else { return false }
        return clock.now - entry.renewed < abortAfter
    }

    /// Renews one lease at once.
    ///
    /// - Returns: false where it is lost.
    package func renewNow(_ lease: Lease) async throws -> Bool {
        guard isMine(lease) else { return false }
        let sent = clock.now
        guard try await queue.renew(lease, for: duration) else {
            lose(lease, because: "another worker has it")
            return false
        }
        held[lease.token]?.renewed = sent
        return isMine(lease)
    }

    /// Renews what is due, again and again, until cancelled.
    package func run() async {
        let tick = min(heartbeat / 2, .seconds(1))
        while !Task.isCancelled {
            renewDue()
            try? await Task.sleep(for: tick)
        }
    }

    private func renewDue() {
        let now = clock.now
        for entry in held.values where now - entry.renewed >= abortAfter {
            lose(entry.lease, because: "it could not be renewed for \(abortAfter)")
        }
        // Nobody waits for another's renewal, which a lost connection may hold up.
        for entry in held.values where now - entry.renewed >= heartbeat && !entry.isRenewing {
            held[entry.lease.token]?.isRenewing = true
            Task { await self.renewBehind(entry.lease) }
        }
    }

    private func renewBehind(_ lease: Lease) async {
        do {
            _ = try await renewNow(lease)
        } catch {
            logger.warning("A lease was not renewed: \(error)", metadata: lease.logMetadata)
        }
        held[lease.token]?.isRenewing = false
    }

    private func lose(_ lease: Lease, because reason: String) {
        guard let entry = held.removeValue(forKey: lease.token) else { return }
        logger.warning("The lease is lost: \(reason).", metadata: lease.logMetadata)
        entry.cancel?()
    }
}

extension Lease {
    /// What every log line about this photo carries.
    package var logMetadata: Logger.Metadata {
        ["photo": "\(photo.id)", "attempt": "\(attempts)"]
    }
}
