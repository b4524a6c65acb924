import Foundation
import RenditionCore

/// Everything the store knows of one photo.
struct PhotoStory: Encodable {
    /// A rendition as the object store holds it.
    struct Stored: Encodable {
        var name: String
        var url: String
        /// nil where the object isn't there.
        var bytes: Int?
        var width: Int?
        var height: Int?
        /// Whether the stored object is the one that the record speaks of.
        var isCurrent: Bool
    }

    let photo: PlainJSON
    let job: Job?
    let renditions: [Stored]
    let history: [JobEvent]
    private let record: PhotoRecord

    private enum CodingKeys: String, CodingKey {
        case photo, job, renditions, history
    }

    /// - Returns: nil where there is no such photo.
    init?(of id: String, in store: any PhotoStore) async throws {
        guard let record = try await store.records.record(id) else { return nil }
        self.record = record
        photo = PlainJSON(.map(record.attributes))
        job = try await store.queue.job(id)
        history = try await store.queue.history(id)
        var renditions: [Stored] = []
        for size in RenditionSize.all {
            let key = ObjectKeys.rendition(galleryID: record.galleryID, originalKey: record.s3Key, size: size)
            let object = try await store.objects.head(.renditions, key: key)
            let pixels = record.size.map(size.fitted)
            let checksum = record["\(size.name)_checksum"]
            renditions.append(
                Stored(
                    name: size.name, url: record["\(size.name)_url"] ?? "", bytes: object?.size, width: pixels?.width,
                    height: pixels?.height,
                    isCurrent: checksum != nil && object?.metadata["checksum"] == checksum))
        }
        self.renditions = renditions
    }

    /// The story for a person.
    var text: String {
        var lines = ["\(record.filename.printable)", "  photo      \(record.id)   gallery \(record.galleryID)"]
        lines.append("  status     \(record.status)\(job.map { "   job \(describe($0))" } ?? "   no job")")
        if let error = record.attributes["rendition_error"]?.map {
            lines.append("  reason     \(error["message"]?.string ?? "?")")
            lines.append("             code \(error["code"]?.string ?? "?"), stage \(error["stage"]?.string ?? "?")")
        }
        if let detail = job?.lastError?.detail { lines.append("  detail     \(detail)") }
        lines.append("  original   \(original)")
        for name in ["camera", "exif", "gps", "timestamps", "color"] {
            guard let values = record.attributes[name]?.map, !values.isEmpty else { continue }
            let text = values.sorted { $0.key < $1.key }.map { "\($0.key) \(Self.plain($0.value))" }
            lines.append("  \(name.padding(toLength: 10, withPad: " ", startingAt: 0)) \(text.joined(separator: ", "))")
        }
        lines.append("")
        for rendition in renditions { lines.append(describe(rendition)) }
        lines.append("")
        for event in history { lines.append(describe(event)) }
        return lines.joined(separator: "\n")
    }

    private var original: String {
        let parts = [
            record.size.map { Format.pixels($0.width, $0.height) }, record["format"],
            record.fileSize.map(Format.bytes), record.s3Key,
        ]
        return parts.compactMap { $0 }.joined(separator: "  ")
    }

    private func describe(_ job: Job) -> String {
        var text = "\(job.state.rawValue), attempt \(job.attempts), claimed \(job.fence) times"
        if let owner = job.owner { text += ", with \(owner)" }
        if let due = job.dueAt, job.state != .done, job.state != .dead { text += ", due \(due.iso8601)" }
        return text
    }

    private func describe(_ rendition: Stored) -> String {
        let name = rendition.name.padding(toLength: 10, withPad: " ", startingAt: 0)
        guard let bytes = rendition.bytes else { return "  \(name) not there" }
        let pixels = rendition.width.map { Format.pixels($0, rendition.height ?? 0) } ?? ""
        let note = rendition.isCurrent ? "" : "   differs from the record"
        return "  \(name) \(pixels)  \(Format.bytes(bytes))  \(rendition.url)\(note)"
    }

    private func describe(_ event: JobEvent) -> String {
        var text = "  \(event.at.iso8601)  \(event.kind.rawValue)"
        if event.attempt > 0 { text += ", attempt \(event.attempt)" }
        if let owner = event.owner { text += ", \(owner)" }
        if let detail = event.detail { text += ": \(detail)" }
        return text
    }

    private static func plain(_ value: RecordValue) -> String {
        switch value {
        case .string(let text), .number(let text): text
        case .bool(let flag): flag ? "yes" : "no"
        case .list(let values): values.map(plain).joined(separator: "; ")
        default: "…"
        }
    }
}
