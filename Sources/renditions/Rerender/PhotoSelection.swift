import RenditionCore

/// A photo that a run chose.
struct SelectedPhoto: Sendable {
    let record: PhotoRecord
    /// Its row in the queue; nil where it has none.
    let job: Job?

    var photo: PhotoRef { PhotoRef(id: record.id, galleryID: record.galleryID) }
}

/// Finds the photos of a plan, page by page, so that a million of them take no more memory than a hundred.
struct PhotoSelection: Sendable {
    let store: any PhotoStore
    let plan: RerenderPlan
    let photographers: KnownPhotographers
    /// The operator's own instructions.
    let instructions: RenderInstructions
    /// ``PhotoRenderer/version``, which a recipe depends on; empty where nothing stale is looked for.
    let renderer: String

    /// Photos that are looked at at once.
    private static let width = 8
    /// Rows that the queue reads at once.
    private static let batch = 100

    /// - Parameter body: Is handed up to a hundred photos.
    /// - Throws: What the store or the body throws; `CancellationError`.
    func run(_ body: ([SelectedPhoto]) async throws -> Void) async throws {
        let galleries = GalleryKeys(store.objects)
        try await store.records.records(of: plan.scope) { page in
            var records = page.filter(plan.includes)
            if plan.missing || plan.stale { records = try await lacking(records, galleries) }
            while !records.isEmpty {
                try Task.checkCancellation()
                let batch = Array(records.prefix(Self.batch))
                records.removeFirst(batch.count)
                let jobs = try await store.queue.jobs(batch.map(\.id))
                try await body(batch.map { SelectedPhoto(record: $0, job: jobs[$0.id]) })
            }
            return true
        }
    }

    /// The records that are missing something, or stale, in their order.
    private func lacking(_ records: [PhotoRecord], _ galleries: GalleryKeys) async throws -> [PhotoRecord] {
        var keys: [String: Set<String>] = [:]
        if plan.missing {
            for (gallery, photos) in Dictionary(grouping: records, by: \.galleryID) {
                let heads = photos.reduce(0) { $0 + ExpectedRendition.all(of: $1, instructions).count }
                let isWhole = if case .gallery = plan.scope { true } else { false }
                keys[gallery] = try await galleries.keys(of: gallery, atMost: isWhole ? .max : heads / 2)
            }
        }
        let listed = keys
        return try await withThrowingTaskGroup(of: (Int, Bool).self) { group in
            var isLacking = [Bool](repeating: false, count: records.count)
            for (index, record) in records.enumerated() {
                if index >= Self.width, let (done, found) = try await group.next() { isLacking[done] = found }
                group.addTask {
                    (index, try await isMeant(record, listed[record.galleryID]))
                }
            }
            for try await (done, found) in group { isLacking[done] = found }
            return zip(records, isLacking).filter(\.1).map(\.0)
        }
    }

    private func isMeant(_ record: PhotoRecord, _ keys: Set<String>?) async throws -> Bool {
        if plan.missing, try await isMissing(record, keys) { return true }
        guard plan.stale else { return false }
        guard let stored = record.recipe, let instructions = try await photographers.instructions(for: record) else {
            return true
        }
        let now = try await Currency(objects: store.objects, renderer: renderer).recipe(of: record, instructions)
        // Without an original there is nothing to render.
        return now != nil && now != stored
    }

    private func isMissing(_ record: PhotoRecord, _ keys: Set<String>?) async throws -> Bool {
        let expected = ExpectedRendition.all(of: record, instructions)
        if !RecordFields.missing(in: record, expected).isEmpty { return true }
        for rendition in expected {
            if let keys {
                if !keys.contains(rendition.key) { return true }
            } else if try await store.objects.head(.renditions, key: rendition.key) == nil {
                return true
            }
        }
        return false
    }
}

/// What a finished rendering leaves in a record.
enum RecordFields {
    /// The names of fields that aren't there, or say nothing.
    static func missing(in record: PhotoRecord, _ expected: [ExpectedRendition]) -> [String] {
        var names =
            expected.flatMap { ["\($0.name)_url", "\($0.name)_checksum"] } + ["small_thumb_url", "placeholder"]
        names += ["large_url"]
        var missing = names.filter { record[$0] == nil }
        missing += expected.map { "\($0.name)_size" }.filter { record.attributes[$0]?.integer == nil }
        return Array(Set(missing)).sorted()
    }
}
