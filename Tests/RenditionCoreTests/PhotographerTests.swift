import Foundation
import Logging
import RenditionCore
import RenditionLocal
import RenditionTestKit
import Synchronization
import Testing

/// What a photographer's settings do to the worker, on a real embedded store.
@Suite("The photographer's settings", .timeLimit(.minutes(2)))
struct PhotographerTests {
    private let folder = TestFolder()
    private let store: LocalStore
    private let urls = PublicURLs(endpoint: "http://localhost:5173", names: BucketNames())

    init() throws { store = try LocalStore(directory: folder.path("store"), creates: true) }

    private func importPhoto() async throws -> String {
        let path = try folder.write("a.jpg", Array("original".utf8))
        return try await Importer(store: store, urls: urls).importFile(path, bytes: 8, galleryID: "g", userID: "u").id
    }

    private func work(
        _ renderer: StubRenderer, formats: [String: [RenditionFormat]] = [:], attempts: Int = 2
    ) async -> [PhotoReport] {
        var configuration = WorkerConfiguration(
            retry: Backoff(base: .milliseconds(1), cap: .milliseconds(1), jitter: 0),
            idle: IdlePace(floor: .milliseconds(1), ceiling: .milliseconds(5)), urls: urls, drain: true)
        configuration.maxAttempts = attempts
        configuration.instructions.furtherFormats = formats
        let reports = Mutex<[PhotoReport]>([])
        _ = await Worker(
            store: store, renderer: renderer, configuration: configuration,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            onPhoto: { report in reports.withLock { $0.append(report) } }
        ).run()
        return reports.withLock { $0 }
    }

    private func kick(_ id: String) async throws {
        try await store.queue.enqueue(PhotoRef(id: id, galleryID: "g"), lane: .batch)
    }

    private func set(_ attributes: [String: RecordValue]) async throws {
        try await store.keep(Photographer(attributes: attributes), as: "u")
    }

    private func put(_ bytes: String, as key: String) async throws {
        _ = try await store.objects.put(
            ObjectUpload(key: key, body: .bytes(Array(bytes.utf8)), contentType: "image/png"), in: .photos, if: .none)
    }

    private static let logo: [String: RecordValue] = [
        "watermark_enabled": .bool(true), "watermark_s3_key": .string("watermarks/u.png"),
    ]

    @Test func settingsAreReadAsTheBackendWritesThem() {
        let photographer = Photographer(attributes: [
            "watermark_enabled": .bool(true), "watermark_text": .string(" © Zoé "),
            "watermark_position": .string("top-left"), "watermark_opacity": .number("0.4"),
            "watermark_size_percent": .number("25"),
            "color_adjustments": .map(["brightness": .number("1.1"), "saturation": .number("0")]),
        ])
        #expect(
            photographer.mark?.watermark
                == Watermark(text: "© Zoé", position: .topLeft, opacity: 0.4, sizePercent: 25))
        #expect(photographer.adjustments == ColorAdjustments(brightness: 1.1, contrast: 1, saturation: 0))
    }

    @Test func absentSettingsAreTheContractsDefaults() {
        #expect(Photographer(attributes: [:]).mark == nil)
        #expect(Photographer(attributes: [:]).adjustments == .none)
        #expect(Photographer(attributes: ["watermark_text": .string("x")]).mark == nil, "it isn't enabled")
        #expect(Photographer(attributes: ["watermark_enabled": .bool(true)]).mark == nil, "there is nothing to show")
        let mark = Photographer(attributes: Self.logo).mark
        #expect(mark?.logoKey == "watermarks/u.png")
        #expect(mark?.watermark == Watermark(position: .bottomRight, opacity: 0.7, sizePercent: 15))
    }

    @Test func whatIsOutOfRangeCountsAsTheNearestThatIsRight() {
        var attributes = Self.logo
        attributes["watermark_opacity"] = .number("7")
        attributes["watermark_size_percent"] = .number("1")
        attributes["watermark_position"] = .string("somewhere")
        attributes["color_adjustments"] = .map(["contrast": .number("-1")])
        let photographer = Photographer(attributes: attributes)
        #expect(photographer.mark?.watermark == Watermark(position: .bottomRight, opacity: 1, sizePercent: 5))
        #expect(photographer.adjustments.contrast == 0)
    }

    @Test func aMissingLogoKeepsThePhotoBack() async throws {
        try await set(Self.logo)
        let id = try await importPhoto()
        let renderer = StubRenderer()
        let reports = await work(renderer)
        #expect(renderer.calls == 0)
        #expect(reports.map(\.error?.code) == ["watermark_missing", "watermark_missing"], "it is tried again")
        #expect(folder.files(below: "store/objects/galerly-renditions-local").isEmpty)
        let record = try await store.records.record(id)
        #expect(record?.status == "failed")
        #expect(
            record?.attributes["rendition_error"]?.map?["message"]?.string?.contains("Upload the logo again") == true)
    }

    @Test func aChangedSettingMakesAnotherRecipe() async throws {
        try await put("logo", as: "watermarks/u.png")
        let id = try await importPhoto()
        let renderer = StubRenderer()
        _ = await work(renderer)
        func recipe() async throws -> String? { try await store.records.record(id)?.recipe }
        let unmarked = try await recipe()

        for (settings, bytes) in [(Self.logo, "logo"), (Self.logo, "another logo"), ([:], "another logo")] {
            try await put(bytes, as: "watermarks/u.png")
            try await set(settings)
            let (before, calls) = (try await recipe(), renderer.calls)
            try await kick(id)
            _ = await work(renderer)
            #expect(renderer.calls == calls + 1)
            #expect(try await recipe() != before)
            // Once more the same is no work.
            try await kick(id)
            #expect(await work(renderer).map(\.alreadyCurrent) == [true])
        }
        #expect(try await recipe() == unmarked)
    }

    @Test func furtherFormatsStandBesideTheJPEG() async throws {
        let id = try await importPhoto()
        let renderer = StubRenderer()
        _ = await work(renderer, formats: ["medium": [.webp, .avif]])
        var record = try #require(try await store.records.record(id))
        #expect(
            record.attributes["renditions_formats"]
                == .map(["medium": .list([.string("webp"), .string("avif")])]))
        for (name, type) in [("jpg", "image/jpeg"), ("webp", "image/webp"), ("avif", "image/avif")] {
            let key = "renditions/g/\(id)_a_medium.\(name)"
            #expect(try await store.objects.head(.renditions, key: key)?.contentType == type)
        }
        let checksum = try #require(record["medium_webp_checksum"])
        #expect(record["medium_webp_url"]?.hasSuffix("/\(id)_a_medium.webp?v=\(checksum.prefix(8))") == true)
        #expect(record["medium_url"]?.contains(".jpg?v=") == true)

        try await kick(id)
        #expect(await work(renderer, formats: ["medium": [.webp, .avif]]).map(\.alreadyCurrent) == [true])
        try await kick(id)
        _ = await work(renderer)
        record = try #require(try await store.records.record(id))
        #expect(!record.attributes.keys.contains { $0.contains("webp") || $0 == "renditions_formats" })
    }
}
