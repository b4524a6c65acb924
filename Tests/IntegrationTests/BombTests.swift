import Foundation
import RenditionCore
import RenditionIsolation
import RenditionLocal
import RenditionTestKit
import RenditionVips
import Testing

/// Originals that were made to harm, through the built worker among good photos.
@Suite("Hostile originals", .timeLimit(.minutes(15)))
struct BombTests {
    private let folder = TestFolder()
    private var store: String { "local:\(folder.path("store"))" }

    private static let memory = 1024
    private static let seconds = 5
    private static let settings = [
        "RENDITIONS_RENDER_MEMORY_MB": "\(memory)", "RENDITIONS_RENDER_SECONDS": "\(seconds)",
        "RENDITIONS_RETRY_MS": "1", "RENDITIONS_MAX_ATTEMPTS": "2",
    ]

    @Test func everyBombEndsWithinItsLimitsAndHarmsNoOther() async throws {
        var paths: [String] = []
        for (index, bomb) in Bomb.all.enumerated() {
            paths.append(try folder.write("\(1000 + index)/\(bomb.name)", bomb.bytes))
            let good = Corpus.samples.bytes("tiny.jpg")
            if index % 10 == 0 { paths.append(try folder.write("\(1000 + index)/zgood-\(index).jpg", good)) }
        }
        let ids = try await Renditions.importing(paths, store)
        #expect(ids.count == paths.count)
        let watch = try await WorkerWatch(["--store", store], Self.settings)
        #expect(watch.result.status == 0, "\(watch.result.errors.suffix(2000))")

        let records = try await records(of: ids)
        for name in ids.keys where name.hasPrefix("zgood") {
            #expect(ending(records[name]) == .rendered, "\(name)")
        }
        for bomb in Bomb.all {
            let end = ending(records[bomb.name])
            #expect(end != nil, "\(bomb.name) hasn't ended")
            guard let end else { continue }
            if !bomb.ends.isEmpty { #expect(bomb.ends.contains(end), "\(bomb.name): \(end)") }
            // Not ours to blame, and not taken for ours.
            for code in ["internal", "out_of_memory", "renderer_died"] {
                #expect(end != .refused(code), "\(bomb.name)")
            }
        }
        let largest = watch.largestProcess
        let most = (watch.samples.max() ?? 0) >> 20
        print("bombs: \(Bomb.all.count); the largest process \(largest), the worker at most \(most) MiB")
        #expect(largest.mebibytes > 0 && largest.mebibytes <= Self.memory, "\(largest)")
        // Its limit, a second of rounding, what led up to the photo, and the process's start.
        #expect(largest.seconds < Double(Self.seconds + 5 + 1 + 20), "\(largest)")
        #expect(most < 512, "the worker itself held \(most) MiB")
    }

    /// A process of its own that lacks memory proves as much against its photo as one that dies; and it is replaced.
    @Test func aPhotoThatFillsItsProcessIsToBlame() throws {
        let renderer = IsolatedRenderer(
            films: try CascadeRenderer(),
            IsolatedRenderer.Configuration(program: Renditions.path, memory: 512 << 20))
        defer { renderer.close() }
        let error = #expect(throws: RenditionError.self) {
            try renderer.render(Bomb.hungry, as: RenderInstructions(), limits: RenderLimits())
        }
        #expect(error?.endedItsRenderer == true)
        #expect(error?.detail?.contains("had too little of its 512 MiB") == true, "\(error?.detail ?? "")")
        let photo = try renderer.render(
            Corpus.samples.bytes("tiny.jpg"), as: RenderInstructions(), limits: RenderLimits())
        #expect(photo.renditions.count == RenditionSize.all.count)
        #expect(renderer.started == 2)
    }

    /// A record may name what it likes: neither other keys of the platform nor files of the machine are rendered for it.
    @Test(arguments: [
        "watermarks/logo.png", "renditions/g/other_large.jpg", "../outside.jpg", "g/../../outside.jpg", "/etc/passwd",
        "g/a\0b",
    ]) func aRecordReachesNothingButOriginals(_ key: String) async throws {
        let local = try LocalStore(directory: folder.path("store"), creates: true, buckets: BucketNames())
        let photo = Corpus.samples.bytes("tiny.jpg")
        try folder.write("outside.jpg", photo)
        for bucket in [Bucket.photos, .renditions] {
            let upload = ObjectUpload(key: key, body: .bytes(photo), contentType: "image/jpeg")
            _ = try? await local.objects.put(upload, in: bucket, if: .none)
        }
        let new = NewPhoto(id: "p", galleryID: "g", userID: "u", filename: "a.jpg", fileSize: photo.count)
        var record = new.record(
            urls: PublicURLs(endpoint: "http://localhost", names: BucketNames(), cdnDomain: nil),
            now: Timestamp(milliseconds: 0))
        record.attributes["s3_key"] = .string(key)
        try await local.submit(record, lane: .fresh)
        await local.close()
        _ = try await WorkerWatch(["--store", store], Self.settings)
        let end = ending(try await records(of: ["p": "p"])["p"])
        #expect(end == .refused("not_an_original") || end == .refused("invalid_key"), "\(String(describing: end))")
    }

    private func records(of ids: [String: String]) async throws -> [String: PhotoRecord] {
        let local = try LocalStore(directory: folder.path("store"), creates: false, buckets: BucketNames())
        var records: [String: PhotoRecord] = [:]
        for (name, id) in ids { records[name] = try await local.records.record(id) }
        await local.close()
        return records
    }

    /// How a photo ended, by its record; nil where it hasn't. What a photographer reads must hold no internals.
    private func ending(_ record: PhotoRecord?) -> Bomb.End? {
        switch record?.status {
        case PhotoStatus.active: return .rendered
        case PhotoStatus.failed:
            guard case .map(let error) = record?.attributes["rendition_error"], case .string(let code) = error["code"],
                case .string(let message) = error["message"]
            else { return nil }
            #expect(Internals.found(in: message, of: folder.path) == nil, "\(message)")
            return .refused(code)
        default: return nil
        }
    }
}

/// What no photographer should have to read.
enum Internals {
    private static let words = [
        "vips", "libheif", "libraw", "rsvg", "libjpeg", "libtiff", "libpng", "magick", "ffmpeg", "ffprobe", "exif:",
        "gobject",
        "glib", "sqlite", "dynamodb", "s3_key", "bucket", "sig", "process", "/tmp", "/proc", "/usr", "/var", "http:",
        "127.0.0.1",
        "0x", "errno", "nil", "optional(", "error(", "swift", "{", "}", "\n", "\\",
    ]

    /// - Returns: The first word of it that stands in a message.
    static func found(in message: String, of place: String = "/tmp") -> String? {
        let text = message.lowercased().replacing("processed", with: "").replacing("process.", with: "")
        return (words + [place]).first { word in
            word == "sig" ? message.contains("SIG") : text.contains(word)
        }
    }
}
