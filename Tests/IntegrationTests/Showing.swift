import RenditionAWS
import RenditionCore
import RenditionTestKit

/// All that can be seen of a photo: its record, its job's row, and its renditions.
struct Showing: Equatable {
    struct Rendition: Equatable {
        var info: ObjectInfo
        var bytes: [UInt8]
        var checksum: String { Checksum.sha256(bytes) }
    }

    let record: PhotoRecord
    let job: [String: RecordValue]
    /// By their sizes' names.
    let renditions: [String: Rendition]

    init(_ id: String, on platform: AWSPlatform) async throws {
        record = try await platform.record(id) ?? PhotoRecord(attributes: [:])
        job = try await platform.dynamo.get(["id": .string(id)], from: platform.tables.jobs) ?? [:]
        let objects = S3Objects(s3: platform.s3, names: platform.buckets)
        var renditions: [String: Rendition] = [:]
        for size in RenditionSize.all where !record.s3Key.isEmpty {
            let key = ObjectKeys.rendition(galleryID: record.galleryID, originalKey: record.s3Key, size: size)
            guard let found = try await objects.get(.renditions, key: key, limit: 64 << 20) else { continue }
            renditions[size.name] = Rendition(info: found.info, bytes: found.bytes)
        }
        self.renditions = renditions
    }

    var state: String? { job["state"]?.string }
    var fence: Int? { job["fence"]?.integer }
    var doneFence: Int? { job["done_fence"]?.integer }

    /// What happened since the photo was queued, by the events' kinds.
    var history: [String] {
        guard case .list(let log)? = job["log"] else { return [] }
        return log.compactMap { $0.string?.split(separator: " ").dropFirst().first.map(String.init) }
    }

    var checksums: [String: String] { renditions.mapValues(\.checksum) }

    /// What is wrong with the photo as its viewers see it: each size there, and named by the record as it is.
    var flaws: [String] {
        var flaws = record.status == PhotoStatus.active ? [] : ["it is \(record.status)"]
        for size in RenditionSize.all.map(\.name) {
            guard let rendition = renditions[size] else {
                flaws.append("\(size) is missing")
                continue
            }
            let (sum, metadata) = (rendition.checksum, rendition.info.metadata)
            if record["\(size)_checksum"] != sum { flaws.append("\(size) isn't what the record says") }
            if record["\(size)_url"]?.hasSuffix("?v=\(sum.prefix(8))") != true {
                flaws.append("\(size) has a URL of another version")
            }
            if metadata["checksum"] != sum { flaws.append("\(size) is labelled as something else") }
            if metadata["recipe"] != record.recipe { flaws.append("\(size) is of another recipe") }
        }
        return flaws
    }
}
