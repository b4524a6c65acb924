import RenditionCore

/// Compares a photo's record with its original, its renditions and its row in the queue.
struct PhotoExamination: Sendable {
    let store: any PhotoStore
    let photographers: KnownPhotographers
    /// The operator's own instructions.
    let instructions: RenderInstructions
    /// ``PhotoRenderer/version``.
    let renderer: String
    /// Whether the renditions' bytes are read, too.
    let readsBytes: Bool

    /// The largest rendition that is read, in bytes.
    private static let longest = 256 << 20
    /// How long a record may owe renditions without a job that is owed: whoever queues it may not have come to it yet, and
    /// indexes lag.
    private static let patience = Duration.seconds(600)
    /// How often a photo is looked at that changes all the time.
    private static let rounds = 5

    /// What an examination came to.
    enum Outcome: Sendable {
        case problems([Problem])
        /// It is in the queue or in a worker's hands: whatever is wrong may be about to be mended.
        case inQueue
        /// Its record is gone.
        case gone
    }

    /// Examines a photo as it was read with many others. Where something is wrong, it is looked at again by itself, until
    /// nothing has changed meanwhile: a worker may have been at it.
    func outcome(_ seen: PhotoRecord, _ job: Job?) async throws -> Outcome {
        if job?.state == .queued || job?.state == .leased { return .inQueue }
        var (record, job) = (seen, job)
        var found = try await problems(record, job)
        for _ in 1..<Self.rounds where !found.isEmpty {
            let rowNow = try await store.queue.job(record.id)
            guard let now = try await store.records.record(record.id) else { return .gone }
            if rowNow?.state == .queued || rowNow?.state == .leased { return .inQueue }
            if now == record, rowNow == job { break }
            (record, job) = (now, rowNow)
            found = try await problems(record, job)
        }
        return .problems(found)
    }

    private func problems(_ record: PhotoRecord, _ job: Job?) async throws -> [Problem] {
        let again = "renditions rerender \(record.id) --force"
        guard let original = try await store.objects.head(.photos, key: record.s3Key) else {
            return [
                Problem(
                    .originalMissing, record, key: record.s3Key, "the original isn't there",
                    remedy: "upload it again, or delete the photo")
            ]
        }
        switch record.status {
        case PhotoStatus.failed: return []
        case PhotoStatus.processing:
            switch job?.state {
            case nil where isLongOwed(record["created_at"].flatMap(Timestamp.init(iso8601:))):
                return [
                    Problem(.unqueued, record, "it owes renditions and was never queued", remedy: "--repair queues it")
                ]
            case .dead?:
                return [
                    Problem(
                        .dead, record,
                        "it owes renditions and was given up: \(job?.lastError?.message ?? "no reason is known")",
                        remedy: "renditions failed retry \(record.id)")
                ]
            case .done? where isLongOwed(job?.doneAt):
                return [
                    Problem(
                        .unqueued, record, "it owes renditions though its job has ended", remedy: "--repair queues it")
                ]
            case .done?, .queued?, .leased?, nil: return []
            }
        default: break
        }
        let expected = ExpectedRendition.all(of: record, instructions)
        // One that was never rendered has nothing that could be compared.
        guard let recipe = record.recipe else {
            return [Problem(.missing, record, "the record tells of no rendering by this worker", remedy: again)]
        }
        var problems = RecordFields.missing(in: record, expected).map {
            Problem(.missing, record, "the record has no \($0)", remedy: again)
        }
        for rendition in expected { problems += try await examine(rendition, record, again) }
        if let instructions = try await photographers.instructions(for: record),
            Recipe.hash(renderer: renderer, instructions: instructions, originalETag: original.etag) != recipe
        {
            problems.append(
                Problem(
                    .stale, record, "it would be rendered otherwise now", remedy: "renditions rerender \(record.id)"))
        }
        return problems
    }

    private func isLongOwed(_ since: Timestamp?) -> Bool {
        since.map { store.clock.now - $0 > Self.patience } ?? true
    }

    private func examine(
        _ rendition: ExpectedRendition, _ record: PhotoRecord, _ again: String
    ) async throws -> [Problem] {
        guard let told = record["\(rendition.name)_checksum"] else { return [] }
        let key = rendition.key
        guard let info = try await store.objects.head(.renditions, key: key) else {
            return [Problem(.missing, record, key: key, "the object isn't there", remedy: again)]
        }
        if info.metadata["checksum"] != told {
            return [
                Problem(.differs, record, key: key, "the object isn't the one that the record names", remedy: again)
            ]
        }
        if readsBytes, try await !isWhole(key, told) {
            return [Problem(.differs, record, key: key, "the object's bytes aren't what was stored", remedy: again)]
        }
        let wanted = [
            "content type": (info.contentType, rendition.format.contentType),
            "cache control": (info.cacheControl ?? "none", Publisher.cacheControl),
            "size": (info.metadata["size"] ?? "none", rendition.size.name),
        ]
        return wanted.filter { $0.value.0 != $0.value.1 }.sorted { $0.key < $1.key }.map { name, values in
            Problem(
                .headers, record, key: key, "its \(name) is \(values.0) and should be \(values.1)", remedy: again)
        }
    }

    /// Whether the bytes have the checksum. A store that notices damage itself says so.
    private func isWhole(_ key: String, _ checksum: String) async throws -> Bool {
        do {
            let found = try await store.objects.get(.renditions, key: key, limit: Self.longest)
            return found.map { Checksum.sha256($0.bytes) == checksum } ?? false
        } catch let error as RenditionError where !error.isOutage {
            return false
        }
    }
}
