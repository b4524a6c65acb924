import Logging
import Synchronization
import Tracing

/// Claims photos, takes each its way, and settles them with the queue, until it is stopped or nothing is owed.
///
/// Fetching, rendering and publishing of different photos overlap; the memory that photos in hand are expected to need
/// bounds how many there are. ``stop()`` and ``takeUp(_:)`` may be called from any thread; ``run()`` once.
package final class Worker: Sendable {
    private struct State {
        var stopping = false
        var breaker = Breaker()
        var pausedUntil: ContinuousClock.Instant?
        var inHand = 0
        /// When there was something to claim last, or somebody said that there might be.
        var lastWork: ContinuousClock.Instant
        /// Photos whose end the store could not be told yet.
        var unsettled = 0
        /// Whether all photos are out of hand, for good.
        var isDone = false
    }

    private let store: any PhotoStore
    private let renderer: any PhotoRenderer
    private let current: Mutex<WorkerConfiguration>
    private let logger: Logger
    private let onPhoto: @Sendable (PhotoReport) -> Void
    private let pool: DispatchPool
    private let probing = DispatchPool(width: 1, label: "renditions.probe")
    private let admission: Admission
    private let keeper: LeaseKeeper
    private let logos: LogoCache
    private let bell = Bell()
    private let tendBell = Bell()
    private let mailBell = Bell()
    private let state: Mutex<State>
    /// What it is doing, for whoever watches.
    package let status: WorkerStatus

    /// - Parameters:
    ///   - logos: Photographers' logos that were read already.
    ///   - onPhoto: Told of each photo when it is settled; called from any thread.
    package init(
        store: any PhotoStore, renderer: any PhotoRenderer, configuration: WorkerConfiguration, logger: Logger,
        logos: LogoCache = LogoCache(),
        onPhoto: @escaping @Sendable (PhotoReport) -> Void = { _ in }
    ) {
        self.store = store
        self.renderer = renderer
        current = Mutex(configuration)
        self.logger = logger
        self.logos = logos
        self.onPhoto = onPhoto
        pool = DispatchPool(width: configuration.renderWidth, label: "renditions.render")
        admission = Admission(budget: configuration.memoryBudget)
        keeper = LeaseKeeper(queue: store.queue, configuration: configuration, logger: logger)
        state = Mutex(State(lastWork: .now - configuration.silence))
        status = WorkerStatus(clock: store.clock)
    }

    /// Asks for an orderly end: nothing more is claimed, photos that wait for room are handed back, and the others
    /// get the grace period.
    package func stop() {
        state.withLock { $0.stopping = true }
        status.enter(.stopping)
        bell.ring()
        tendBell.ring()
        mailBell.ring()
    }

    /// Goes by other settings, as far as they may change while it runs, from the next claim on. Photos in hand keep those that
    /// they began with.
    package func takeUp(_ configuration: WorkerConfiguration) { current.withLock { $0.takeUp(configuration) } }

    /// What the next claim goes by.
    private var configuration: WorkerConfiguration { current.withLock { $0 } }

    /// Works until stopped, or with `drain` until nothing is owed.
    ///
    /// - Returns: how many photos were left unfinished. Their rendering may still hold a thread.
    package func run() async -> Int {
        let heartbeat = Task { await keeper.run() }
        let listener = store.doorbell.listen { [self] in wake() }
        defer { withExtendedLifetime(listener) {} }
        let tending = Task { await tendUntilStopped() }
        let mailing = Task { await mailUntilDone() }
        do {
            try await store.sweep()
        } catch {
            logger.warning("What dead workers left behind could not be tidied: \(error)")
        }
        await claimUntilDone()
        tending.cancel()
        tendBell.ring()
        await tending.value
        let unfinished = await finishInHand()
        state.withLock { $0.isDone = true }
        mailBell.ring()
        // Not cancelled: a mail that is on its way would be sent again by somebody else.
        await mailing.value
        heartbeat.cancel()
        await heartbeat.value
        return unfinished
    }

    private var stopping: Bool { state.withLock { $0.stopping } }

    // MARK: Claiming

    private func claimUntilDone() async {
        while !stopping {
            status.turned()
            if let pause = pause() {
                await bell.wait(atMost: pause)
                continue
            }
            let free = configuration.mostInHand - state.withLock { $0.inHand }
            let room = free > 0 ? await admission.room(for: PhotoHandler.typicalCost, upTo: min(8, free)) : 0
            guard room > 0, state.withLock({ $0.unsettled == 0 }) else {
                await bell.wait(atMost: .seconds(1))
                continue
            }
            do {
                let sent = ContinuousClock.now
                let leases = try await store.queue.claim(
                    upTo: room, owner: configuration.owner, lease: configuration.lease)
                for lease in leases { await start(lease, claimed: sent) }
                if leases.isEmpty {
                    if state.withLock({ state in
                        if state.inHand == 0 { state.breaker.succeeded() }
                        return !state.breaker.isOpen
                    }) {
                        status.enter(.working)
                    }
                    if configuration.drain, try await isDrained() { return }
                    await bell.wait(atMost: idleWait())
                } else {
                    state.withLock { $0.lastWork = .now }
                }
            } catch {
                hold(because: error)
            }
        }
    }

    /// Looks for work at once, and often for a while.
    private func wake() {
        state.withLock { $0.lastWork = .now }
        bell.ring()
    }

    private func idleWait() -> Duration {
        let silence = state.withLock { .now - $0.lastWork }
        let wait = configuration.idle?.wait(afterSilence: silence) ?? store.idleWait(afterSilence: silence)
        // Somebody waits for the end.
        return configuration.drain ? min(wait, .seconds(1)) : wait
    }

    /// How long the breaker still wants the store left alone.
    private func pause() -> Duration? {
        state.withLock { state in
            guard let until = state.pausedUntil else { return nil }
            let rest = until - .now
            if rest <= .zero {
                state.pausedUntil = nil
                return nil
            }
            return rest
        }
    }

    private func hold(because error: any Error) {
        var random = SystemRandomNumberGenerator()
        let pause = state.withLock { state -> Duration? in
            // Photos in hand meet one outage together; it counts once.
            if let until = state.pausedUntil, until > .now { return nil }
            let pause = state.breaker.failed(using: &random)
            state.pausedUntil = .now + pause
            return pause
        }
        guard let pause else { return }
        status.enter(.paused("\(error)"))
        logger.error("The store is unable; no photo is claimed for \(Int(pause.seconds.rounded(.up))) s: \(error)")
    }

    private func isDrained() async throws -> Bool {
        guard state.withLock({ $0.inHand == 0 }) else { return false }
        // In this order: what is queued in between shows in the queue.
        guard try await store.isFed() else { return false }
        return try await store.queue.depth().owed == 0
    }

    // MARK: Tending

    /// Tends the store beside the claims: finding thousands of new photos must not keep a worker from those in the queue.
    private func tendUntilStopped() async {
        while !stopping, !Task.isCancelled {
            // What an outage left unsettled is handed back before anybody's expired leases are taken: its attempt doesn't
            // count then.
            let isAble = state.withLock { $0.unsettled == 0 && $0.pausedUntil == nil }
            let again = isAble ? await tend() : nil
            await tendBell.wait(atMost: min(again ?? .milliseconds(500), .milliseconds(500)))
        }
    }

    /// - Returns: when to do it again, where that is early.
    private func tend() async -> Duration? {
        do {
            let tended = try await store.tend()
            if tended.recovered > 0 {
                logger.notice("Recovered \(tended.recovered) photos whose workers fell silent.")
            }
            if tended.recovered + tended.found > 0 { wake() }
            // More than this worker begins with is for its neighbours too.
            if tended.recovered + tended.found > 1 { store.doorbell.ring() }
            return tended.again
        } catch is CancellationError {
        } catch {
            hold(because: error)
        }
        return nil
    }

    // MARK: Mails

    /// Sends mails beside everything else: no photo waits for one.
    private func mailUntilDone() async {
        guard let mail = store.mail else { return }
        let mayGoOn: @Sendable () -> Bool = { [self] in state.withLock { !$0.stopping && !$0.isDone } }
        while mayGoOn() {
            let round = await mail.deliver(while: mayGoOn)
            status.mailed(round)
            await mailBell.wait(atMost: round.again)
        }
    }

    // MARK: One photo

    private func start(_ lease: Lease, claimed: ContinuousClock.Instant) async {
        state.withLock { $0.inHand += 1 }
        status.began(lease, at: claimed)
        let ticket = await admission.reserve(cost: lease.wasClaimedBefore ? .max : PhotoHandler.typicalCost)
        await keeper.hold(lease, claimed: claimed)
        let handler = PhotoHandler(
            lease: lease, claimed: claimed, store: store, renderer: renderer, pool: pool, probing: probing,
            ticket: ticket, keeper: keeper, logos: logos, status: status, logger: logger, configuration: configuration)
        Task {
            await PhotoTrace.follow(lease) { span in
                let work = Task { await handler.run() }
                await keeper.onLoss(of: lease) { work.cancel() }
                await settle(lease, await work.value, began: claimed, span)
                await keeper.drop(lease)
                await ticket.leave()
            }
            state.withLock { $0.inHand -= 1 }
            bell.ring()
        }
    }

    /// Tells the queue, and the record where the photo failed for good, how it ended.
    private func settle(
        _ lease: Lease, _ handled: PhotoHandler.Handled, began: ContinuousClock.Instant, _ span: any Span
    ) async {
        var random = SystemRandomNumberGenerator()
        let settlement = Settlement.decide(
            handled.outcome, attempts: lease.attempts, maxAttempts: handled.configuration.maxAttempts,
            lastFailure: lease.lastFailure, backoff: handled.configuration.retry, using: &random)
        note(handled.outcome)
        var report = handled.report
        let ending = ContinuousClock.now
        report.outcome = await insist(on: settlement, lease, handled)
        report.stages.add(.finish, since: ending)
        report.error = settlement.error
        report.milliseconds = (ContinuousClock.now - began).seconds * 1000
        log(report, lease, settlement)
        span.attributes["photo.outcome"] = report.outcome.rawValue
        if report.outcome == .failed || report.outcome == .retry {
            span.setStatus(SpanStatus(code: .error, message: report.error?.code))
        }
        status.settled(report, lease)
        onPhoto(report)
    }

    /// Tells the store until an outage is over, or the worker is to stop; what else goes wrong is tried a few times. All of
    /// it is conditional on the lease's token, so that it is safe however late.
    private func insist(
        on settlement: Settlement, _ lease: Lease, _ handled: PhotoHandler.Handled
    ) async -> PhotoReport.Outcome {
        var failures = 0
        defer { if failures > 0 { state.withLock { $0.unsettled -= 1 } } }
        while true {
            do {
                return try await carryOut(settlement, lease, handled)
            } catch {
                failures += 1
                if failures == 1 { state.withLock { $0.unsettled += 1 } }
                logger.error("A photo could not be settled: \(error)", metadata: lease.logMetadata)
                let isOutage = (error as? RenditionError)?.isOutage == true
                guard failures < 4 || (isOutage && !stopping) else { return .abandoned }
                try? await Task.sleep(for: Backoff.outage.delay(after: min(failures, 4)))
            }
        }
    }

    /// Feeds the breaker: an outage opens it, any other end closes it.
    private func note(_ outcome: JobOutcome) {
        switch outcome {
        case .retry(let error) where error.isOutage: hold(because: error)
        case .done, .retry, .reject:
            state.withLock { $0.breaker.succeeded() }
            status.enter(.working)
        case .release: break
        }
    }

    private func carryOut(
        _ settlement: Settlement, _ lease: Lease, _ handled: PhotoHandler.Handled
    ) async throws -> PhotoReport.Outcome {
        switch settlement {
        case .finish(let recipe):
            switch try await store.queue.finish(lease, recipe: recipe) {
            case .done, .requeued:
                KillPoint.finish.pass()
                return .done
            case .lost: return .abandoned
            }
        case .fail(let error, let delay):
            guard try await store.queue.fail(lease, error: error, retryAfter: delay) else { return .abandoned }
            KillPoint.retry.pass()
            return .retry
        case .dead(let error):
            do {
                if let record = handled.record {
                    try await store.mail?.note(record, becoming: PhotoStatus.failed, logger)
                    KillPoint.mark.pass()
                }
                if let doubt = try await recordFailure(error, lease, handled) {
                    return try await carryOut(doubt, lease, handled)
                }
            } catch let failure where (failure as? RenditionError)?.isOutage != true {
                // A record that can't be written keeps no job from its end: the dead letter tells the reason too.
                logger.error("The failure is not in the record: \(failure)", metadata: lease.logMetadata)
            }
            KillPoint.failure.pass()
            switch try await store.queue.bury(lease, error: error) {
            case .done:
                KillPoint.burial.pass()
                return .failed
            case .requeued: return .retry
            case .lost: return .abandoned
            }
        case .release(let reason, let fence):
            guard try await store.queue.release(lease, reason: reason, fence: fence) else { return .abandoned }
            KillPoint.release.pass()
            return .released
        }
    }

    /// Writes a final failure into the record that was handled.
    ///
    /// - Returns: what to do instead of burying the job, where the failure isn't that of the original that is there now.
    private func recordFailure(
        _ error: RenditionError, _ lease: Lease, _ handled: PhotoHandler.Handled
    ) async throws -> Settlement? {
        let leftovers = Leftovers(objects: store.objects, urls: handled.configuration.urls)
        guard let record = handled.record else {
            if error.code == PhotoHandler.recordMissing { try await leftovers.remove(of: lease.photo) }
            return nil
        }
        let replaced = Settlement.release(reason: "the original was replaced meanwhile")
        if let etag = handled.originalETag,
            let now = try await store.objects.head(.photos, key: record.s3Key), now.etag != etag
        {
            return replaced
        }
        var change = RecordCommit.failed(error, record: record, fence: lease.fence, now: store.clock.now)
        try await leftovers.correct(&change, of: record)
        switch try await store.records.commit(change) {
        case .committed: return nil
        case .gone:
            try await leftovers.remove(of: lease.photo)
            return .finish(recipe: "")
        case .originalReplaced: return replaced
        case .superseded(let fence): return .release(reason: "the record has fence \(fence)", fence: fence)
        }
    }

    private func log(_ report: PhotoReport, _ lease: Lease, _ settlement: Settlement) {
        var metadata = lease.logMetadata
        metadata["filename"] = "\(report.filename.printable)"
        switch (report.outcome, settlement) {
        case (.done, _):
            let what = report.alreadyCurrent ? "Its renditions are current" : "Rendered"
            logger.info("\(what), in \(Int(report.milliseconds)) ms.", metadata: metadata)
        case (.retry, .fail(let error, let delay)):
            logger.warning(
                "It will be tried again in \(Int(delay.seconds.rounded())) s. \(error)", metadata: metadata)
        case (.failed, _):
            logger.error("Failed for good. \(report.error?.description ?? "")", metadata: metadata)
        case (.released, .release(let reason, _)):
            logger.notice("Handed back: \(reason)", metadata: metadata)
        default:
            logger.notice("Left to whoever holds it now.", metadata: metadata)
        }
    }

    // MARK: Ending

    private func finishInHand() async -> Int {
        await admission.close()
        let end = ContinuousClock.now + configuration.grace
        while state.withLock({ $0.inHand > 0 }) {
            let rest = end - .now
            guard rest > .zero else { break }
            await bell.wait(atMost: rest)
        }
        let leases = await keeper.leases
        for lease in leases {
            // Dropped first, so that nothing of it can be published after it was given back.
            await keeper.drop(lease)
            do {
                _ = try await store.queue.release(lease, reason: "the worker was stopped", fence: 0)
                logger.notice("Handed back: the worker was stopped.", metadata: lease.logMetadata)
            } catch {
                logger.error("A photo could not be handed back: \(error)", metadata: lease.logMetadata)
            }
        }
        return state.withLock { $0.inHand }
    }
}

extension Settlement {
    /// Why the photo isn't done.
    var error: RenditionError? {
        switch self {
        case .fail(let error, _), .dead(let error): error
        case .finish, .release: nil
        }
    }
}
