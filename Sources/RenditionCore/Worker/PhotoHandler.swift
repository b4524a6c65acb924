import Logging
import Tracing

/// One claimed photo's way from record to renditions. It settles nothing: it says how it ended.
struct PhotoHandler: Sendable {
    let lease: Lease
    /// When the claim was sent.
    let claimed: ContinuousClock.Instant
    let store: any PhotoStore
    let renderer: any PhotoRenderer
    let pool: DispatchPool
    /// Reads headers; apart from the pool, so that a header needn't wait for a render to end.
    let probing: DispatchPool
    let ticket: Admission.Ticket
    let keeper: LeaseKeeper
    let logos: LogoCache
    let status: WorkerStatus
    /// Told what changes no outcome.
    let logger: Logger
    /// The same from record to settlement, whatever the worker goes by meanwhile: what is rendered, hashed into the recipe and
    /// written into the record must be one.
    let configuration: WorkerConfiguration

    /// The failure's code where a photo has no record.
    static let recordMissing = "record_missing"

    /// How a photo's way ended, and what it was that was handled.
    struct Handled: Sendable {
        var outcome: JobOutcome
        var report: PhotoReport
        /// What it was handled by.
        let configuration: WorkerConfiguration
        /// The record as it was when the work began; nil where there was none that could be read.
        var record: PhotoRecord?
        /// The ETag of the original that was read; nil where none was.
        var originalETag: String?
    }

    /// Goes the whole way.
    func run() async -> Handled {
        var trip = Trip(lease: lease, claimed: claimed, status: status)
        let outcome: JobOutcome
        do {
            outcome = try await go(&trip)
        } catch is CancellationError {
            // The worker is stopping, or the lease could not be kept. Where somebody else has it, releasing does nothing.
            outcome = .release(reason: "its worker was stopped, or lost the lease")
        } catch {
            var known = RenditionError.wrapping(error, stage: trip.stage)
            if known.endedItsRenderer, let original = trip.record?.s3Key {
                // Whoever mends the decoder needs the file.
                known.detail = [known.detail, "original: \(original)"].compactMap { $0 }.joined(separator: "; ")
            }
            trip.fail(known)
            outcome = known.retriable ? .retry(known) : .reject(known)
        }
        trip.end()
        return Handled(
            outcome: outcome, report: trip.report, configuration: configuration, record: trip.record,
            originalETag: trip.originalETag)
    }

    private func go(_ trip: inout Trip) async throws -> JobOutcome {
        KillPoint.claim.pass()
        trip.enter(.fetch)
        guard let record = try await store.records.record(lease.photo.id) else {
            throw RenditionError(
                code: Self.recordMissing, stage: .fetch, retriable: true,
                message: "There is no photo of this id. If it was deleted, nothing is left to do.")
        }
        trip.record = record
        trip.report.filename = record.filename
        status.named(record.filename, lease)
        guard lease.attempts <= configuration.maxAttempts else {
            return .reject(try await lastWord())
        }
        guard ObjectKeys.isOriginal(record.s3Key) else {
            throw RenditionError(
                code: "not_an_original", stage: .fetch, retriable: false,
                message: "This record names no original photo. Upload the photo again.",
                detail: "s3_key is \"\(record.s3Key)\"")
        }
        let instructions = try await PhotographerInstructions(store: store, logos: logos)
            .complete(configuration.instructions, for: record)
        if !lease.note.isForced {
            let look = try await Currency(objects: store.objects, renderer: renderer.version).look(record, instructions)
            if look.isCurrent, let recipe = look.recipe {
                trip.report.alreadyCurrent = true
                return .done(recipe: recipe)
            }
        }

        trip.enter(.fetch, waiting: true)
        try await ticket.enter()
        // A photo that was claimed before may be what its last worker died of: it goes alone.
        if !lease.wasClaimedBefore { try await ticket.resize(to: expectedCost(of: record)) }
        return try await make(record, instructions, &trip)
    }

    /// Why a photo is given up that was claimed once too often: the failure it ended with last, where it ended with any.
    private func lastWord() async throws -> RenditionError {
        guard lease.lastFailure != nil, let last = try await store.queue.job(lease.photo.id)?.lastError,
            !last.endedItsRenderer
        else { return Settlement.poison(attempts: lease.attempts) }
        return Settlement.exhausted(last, attempts: lease.attempts - 1)
    }

    /// Everything that needs memory: fetch, probe, render, publish, commit.
    private func make(
        _ record: PhotoRecord, _ instructions: RenderInstructions, _ trip: inout Trip
    ) async throws -> JobOutcome {
        trip.enter(.fetch)
        let (info, bytes) = try await original(of: record)
        trip.originalETag = info.etag
        trip.report.bytes = bytes.count
        KillPoint.fetch.pass()

        trip.enter(.probe)
        let (renderer, limits) = (renderer, configuration.limits)
        // A film's header takes a program of its own to read, for which photos needn't wait.
        let isFilm = (try? OriginalFormat.detect(bytes))?.kind == .video
        let probe = try await (isFilm ? pool : probing).run { try renderer.probe(bytes, limits: limits) }
        trip.report.note(probe, bytes: bytes.count)

        trip.enter(.render, waiting: true)
        if !lease.wasClaimedBefore {
            try await ticket.resize(to: Self.cost(decoded: probe.decodedBytes, encoded: bytes.count))
        }
        let (status, lease) = (status, lease)
        let (photo, rendering) = try await pool.run {
            status.entered(.render, lease)
            let began = ContinuousClock.now
            return (try renderer.render(bytes, as: instructions, limits: limits), began..<ContinuousClock.now)
        }
        trip.noteRendering(rendering, photo.times)
        KillPoint.render.pass()
        trip.enter(.publish)
        trip.report.renditions = photo.renditions.map(PhotoReport.Made.init)

        guard try await keeper.renewNow(lease) else { throw CancellationError() }
        let recipe = Recipe.hash(renderer: renderer.version, instructions: instructions, originalETag: info.etag)
        if let outcome = try await publish(photo, of: record, recipe: recipe, original: info) { return outcome }
        KillPoint.published.pass()

        trip.enter(.commit)
        let outcome = try await commit(photo, of: record, recipe: recipe)
        trip.noteVisible(now: store.clock.now)
        return outcome
    }

    private func original(of record: PhotoRecord) async throws -> (info: ObjectInfo, bytes: [UInt8]) {
        let limit = configuration.limits.bytes
        guard let found = try await store.objects.get(.photos, key: record.s3Key, limit: limit) else {
            throw RenditionError(
                code: "original_missing", stage: .fetch, retriable: true,
                message: "The uploaded file of this photo is not there. Upload the photo again.",
                detail: "no object \(record.s3Key)")
        }
        return found
    }

    /// - Returns: an outcome that ends the work early, or nil when all renditions stand under their keys.
    private func publish(
        _ photo: RenderedPhoto, of record: PhotoRecord, recipe: String, original: ObjectInfo
    ) async throws -> JobOutcome? {
        // Who asked for it finds its trace at the rendition itself.
        let publisher = Publisher(
            objects: store.objects, trace: lease.note.trace == nil ? nil : PhotoTrace.current)
        let (lease, keeper) = (lease, keeper)
        let superseded = try await withThrowingTaskGroup(of: Publisher.Outcome.self) { group in
            for rendition in photo.renditions {
                group.addTask {
                    try await publisher.publish(rendition, of: record, recipe: recipe, fence: lease.fence) {
                        await keeper.isMine(lease)
                    }
                }
            }
            return try await group.reduce(nil as Int?) { highest, outcome in
                guard case .superseded(let fence) = outcome else { return highest }
                return max(fence, highest ?? 0)
            }
        }
        if let superseded { return try await yield(to: superseded) }
        // Where it is gone nothing newer will follow: the record has to tell what stands there now, if it is there still.
        if let now = try await store.objects.head(.photos, key: record.s3Key), now.etag != original.etag {
            return .release(reason: "the original was replaced during the rendering")
        }
        return nil
    }

    private func commit(_ photo: RenderedPhoto, of record: PhotoRecord, recipe: String) async throws -> JobOutcome {
        // First, so that whoever dies after this leaves either the photo owed or its mail.
        try await store.mail?.note(record, becoming: PhotoStatus.active, logger)
        KillPoint.mark.pass()
        let change = RecordCommit.rendered(
            photo, record: record, recipe: recipe, fence: lease.fence, urls: configuration.urls,
            now: store.clock.now)
        switch try await store.records.commit(change) {
        case .committed:
            KillPoint.commit.pass()
            return .done(recipe: recipe)
        case .gone:
            // The photo was deleted while it was rendered: what was published for it belongs to nobody.
            for rendition in photo.renditions { try await withdraw(rendition, of: record) }
            return .done(recipe: "")
        case .originalReplaced:
            return .release(reason: "the record names another original now")
        case .superseded(let fence):
            return try await yield(to: fence)
        }
    }

    /// What to do before a fence that is higher than this claim's. While the lease is mine nobody has claimed the photo
    /// since, so the fence comes from elsewhere, such as a copied record: the next claim has to exceed it.
    private func yield(to fence: Int) async throws -> JobOutcome {
        guard try await keeper.renewNow(lease) else { throw CancellationError() }
        return .release(reason: "something stands there with fence \(fence)", fence: fence)
    }

    private func withdraw(_ rendition: Rendition, of record: PhotoRecord) async throws {
        let key = ObjectKeys.rendition(
            galleryID: record.galleryID, originalKey: record.s3Key, size: rendition.size, format: rendition.format)
        let present = try await store.objects.head(.renditions, key: key)
        guard present?.metadata["photo-id"] == record.id, present?.metadata["fence"] == String(lease.fence) else {
            return
        }
        try await store.objects.delete(.renditions, key: key)
    }

    /// The memory that a photo will need, as far as the record tells. It is corrected once the header was read.
    private func expectedCost(of record: PhotoRecord) -> Int {
        let encoded = max(0, min(record.fileSize ?? 0, configuration.limits.bytes))
        let pixels = record.size.map { min($0.pixels, configuration.limits.pixels) }
        // Ordinary JPEGs take 2–5 bits a pixel; three bytes of decoded pixels for each.
        return Self.cost(decoded: pixels.map { $0 * 3 } ?? encoded * 8, encoded: encoded)
    }

    /// What a photo costs in memory, in bytes: its decoded pixels, its file, and a floor for everything else.
    static func cost(decoded: Int, encoded: Int) -> Int {
        let (sum, overflow) = decoded.addingReportingOverflow(encoded + floor)
        return overflow ? .max : sum
    }

    private static let floor = 16 << 20
    /// A 24-megapixel JPEG, for deciding how many photos to claim before anything is known of them.
    static let typicalCost = cost(decoded: 72_000_000, encoded: 10_000_000)
}

/// Keeps the stage a photo is at and the time it spent there.
private struct Trip: Sendable {
    var report: PhotoReport
    var record: PhotoRecord?
    var originalETag: String?
    private(set) var stage = RenditionError.Stage.claim
    private var timed = StageTimes.Stage.claim
    private var since: ContinuousClock.Instant
    private var span: (any Span)?
    private let lease: Lease
    private let status: WorkerStatus

    init(lease: Lease, claimed: ContinuousClock.Instant, status: WorkerStatus) {
        self.lease = lease
        self.status = status
        report = PhotoReport(
            photo: lease.photo.id, gallery: lease.photo.galleryID, filename: lease.photo.id, attempt: lease.attempts,
            outcome: .abandoned)
        since = claimed
    }

    /// Begins a stage, or the wait for it.
    mutating func enter(_ next: RenditionError.Stage, waiting: Bool = false) {
        end()
        (stage, timed) = (next, waiting ? .wait : StageTimes.Stage(next.rawValue))
        status.entered(timed, lease)
        // When a thread is free for the rendering is known too late: its span has the wait in it.
        span = startSpan(next == .render ? next.rawValue : timed.name)
    }

    /// Ends the stage.
    mutating func end() {
        since = report.stages.add(timed, since: since)
        span?.end()
        span = nil
    }

    /// Tells the trace at which stage it failed and why.
    func fail(_ error: RenditionError) {
        span?.recordError(error)
        span?.setStatus(SpanStatus(code: .error, message: error.code))
    }

    /// The record is complete: how long after it was made, where that was the first time.
    mutating func noteVisible(now: Timestamp) {
        guard let record, record.recipe == nil, record.status == PhotoStatus.processing,
            let made = record["created_at"].flatMap(Timestamp.init(iso8601:))
        else { return }
        report.visibleAfter = max(0, (now - made).seconds)
    }

    /// Books work that waited for its thread until it began.
    mutating func noteRendering(_ rendering: Range<ContinuousClock.Instant>, _ times: StageTimes) {
        for (stage, duration) in times.durations { span?.attributes["ms.\(stage.name)"] = duration.seconds * 1000 }
        report.stages.add(.wait, rendering.lowerBound - since)
        report.stages.add(times)
        report.stages.add(.render, max(.zero, rendering.upperBound - rendering.lowerBound - times.total))
        since = rendering.upperBound
    }
}
