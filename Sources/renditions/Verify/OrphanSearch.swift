import Foundation
import RenditionCore

/// Finds objects that no record speaks of.
///
/// What is expected is kept as hashes, 16 bytes an object: two keys of one hash hide an orphan and never condemn an object,
/// whose photo is asked for before anything is said of it.
struct OrphanSearch: Sendable {
    let store: any PhotoStore
    let instructions: RenderInstructions
    /// Younger objects may belong to a rendering that isn't finished.
    let age: Duration

    private var expected: Set<UInt64> = []

    init(_ store: any PhotoStore, instructions: RenderInstructions, age: Duration) {
        self.store = store
        self.instructions = instructions
        self.age = age
    }

    /// Notes what a record speaks of.
    mutating func expect(_ record: PhotoRecord) {
        for key in keys(of: record) { expected.insert(Self.hash(key)) }
    }

    /// The keys that belong to a record: what would be made now, what it says was made, and what its URLs show to viewers,
    /// which stays so when its original's key changes.
    private func keys(of record: PhotoRecord) -> Set<String> {
        var keys = Set(ExpectedRendition.all(of: record, instructions).map(\.key))
        for size in RenditionSize.all {
            for format in RenditionFormat.allCases {
                let name = Rendition.recordName(size, format)
                if record["\(name)_checksum"] != nil {
                    keys.insert(
                        ObjectKeys.rendition(
                            galleryID: record.galleryID, originalKey: record.s3Key, size: size, format: format))
                }
                if let url = record["\(name)_url"] { keys.formUnion(Self.keys(shownBy: url)) }
            }
        }
        if let url = record["small_thumb_url"] { keys.formUnion(Self.keys(shownBy: url)) }
        return keys
    }

    /// The keys that a URL may show: several where what stands before the key has a folder of the same name.
    private static func keys(shownBy url: String) -> Set<String> {
        let folder = "renditions"
        let path = url.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false)
        return path.indices.filter { path[$0] == folder }.reduce(into: []) { keys, start in
            let key = path[start...].joined(separator: "/")
            keys.insert(key)
            if let decoded = key.removingPercentEncoding { keys.insert(decoded) }
        }
    }

    /// Whether a photo still owes renditions, or its original isn't there: what there is of it may be all that viewers have.
    private func isUnsettled(_ record: PhotoRecord, _ job: Job?) async throws -> Bool {
        if PhotoStatus.workersOwn.contains(record.status) || job?.state == .dead || record.recipe == nil { return true }
        return try await store.objects.head(.photos, key: record.s3Key) == nil
    }

    /// Goes through the objects below a prefix.
    func run(below prefix: String, _ body: (Problem) async throws -> Void) async throws -> Int {
        var count = 0
        let old = store.clock.now + (.zero - age)
        try await store.objects.list(.renditions, prefix: prefix) { page in
            count += page.count
            for object in page where object.modified <= old && !expected.contains(Self.hash(object.key)) {
                if let problem = try await judge(object.key) { try await body(problem) }
            }
            return true
        }
        return count
    }

    /// What is wrong with an object that nobody seems to expect; nil where somebody does after all.
    func judge(_ key: String) async throws -> Problem? {
        guard let info = try await store.objects.head(.renditions, key: key) else { return nil }
        let gallery = PathName.parts(key).dropFirst().first ?? ""
        guard let id = info.metadata["photo-id"], !id.isEmpty else {
            return Problem(
                .stranger, photo: "", gallery: gallery, key: key, "no record names it, and it doesn't say whose it is",
                remedy: "look what it is, and delete it yourself")
        }
        // Whoever is in the queue may be about to write its record.
        let job = try await store.queue.job(id)
        switch job?.state {
        case .queued?, .leased?: return nil
        case .done?, .dead?, nil: break
        }
        let record = try await store.records.record(id)
        if let record {
            if keys(of: record).contains(key) { return nil }
            if try await isUnsettled(record, job) { return nil }
        }
        return Problem(
            .orphaned, photo: id, gallery: gallery, key: key,
            record == nil ? "its photo's record is gone" : "its photo's record names other objects",
            remedy: "--repair deletes it")
    }

    /// FNV-1a, 64 bits.
    private static func hash(_ key: String) -> UInt64 {
        key.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
