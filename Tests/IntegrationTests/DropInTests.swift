import Foundation
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

/// The worker beside a backend that knows nothing of it.
@Suite("Beside the existing backend", .timeLimit(.minutes(10)))
struct DropInTests {
    private let folder = TestFolder()

    private func sample(_ name: String) -> String { "\(Corpus.samples.folder)/\(name)" }

    private func platform() async throws -> AWSPlatform { try await AWSPlatform.make(on: try await Emulator.shared()) }

    private func setUp(_ platform: AWSPlatform) async throws {
        let setup = try await Renditions.run(["setup"], platform.environment)
        try #require(setup.status == 0, "\(setup.errors)")
    }

    private func drain(_ platform: AWSPlatform, _ environment: [String: String] = [:]) async throws -> Command.Result {
        let worker = try await Renditions.run(
            ["worker", "--drain", "--json"], platform.environment.merging(environment) { $1 })
        try #require(worker.status == 0, "\(worker.errors)")
        return worker
    }

    /// The path of a URL in a record, decoded, without its bucket: the object's key.
    private func key(of url: String) throws -> String {
        let path = try #require(URLComponents(string: url)?.path)
        return path.split(separator: "/", maxSplits: 1).last.map(String.init) ?? ""
    }

    @Test func recordsAsTheBackendWritesThemBecomeActive() async throws {
        let platform = try await platform()
        let names = [
            "a b.jpg", "#1.jpg", "100%.jpg", "a+b.jpg", "Été à Nice.JPG", "💍👰🏽‍♀️.jpg", "name.with.dots.jpg",
            "no-extension",
            String(repeating: "x", count: 200) + ".jpg",
        ]
        let foreign: [String: RecordValue] = [
            "x_number": .number("12345678901234567890123456789012345678"), "x_set": .stringSet(["é", "z"]),
            "x_numbers": .numberSet(["1", "2.5"]), "x_binary": .binary(Data([0, 255])),
            "x_nested": .map(["deep": .list([.null, .bool(true), .map(["Key": .string("")])])]),
        ]
        let uploads = names.map {
            Backend.Upload(filename: $0, path: sample("orientation-6.jpg"), attributes: foreign)
        }
        // Before the index exists, so that only its backfill can show them.
        try await Backend(platform: platform).upload(uploads)
        try await setUp(platform)
        let worker = try await drain(platform)
        #expect(try Renditions.reports(worker.output).count == names.count)
        for upload in uploads {
            let record = try #require(try await platform.record(upload.id))
            #expect(record.status == "active", "\(upload.filename)")
            #expect(record.size == PixelSize(width: 1200, height: 800), "\(upload.filename)")
            for (name, value) in foreign { #expect(record.attributes[name] == value, "\(upload.filename)") }
            #expect(record["title"] == nil && record.attributes["views"] == .integer(0))
            for size in RenditionSize.all {
                let url = try #require(record["\(size.name)_url"])
                let checksum = try #require(record["\(size.name)_checksum"])
                #expect(url.hasPrefix("\(platform.emulator.endpoint)/\(platform.buckets.renditions)/renditions/"))
                #expect(url.hasSuffix("?v=\(checksum.prefix(8))"))
                let object = try await platform.s3.get(platform.buckets.renditions, try key(of: url), limit: 1 << 20)
                let bytes = try #require(object?.body, "\(url)")
                #expect(Checksum.sha256(bytes) == checksum)
                #expect(object?["content-type"] == "image/jpeg")
                #expect(object?["cache-control"] == "public, max-age=31536000, immutable")
                #expect(object?["x-amz-meta-photo-id"] == upload.id)
            }
        }
    }

    @Test func onlyProcessingOwesRenditions() async throws {
        let platform = try await platform()
        try await setUp(platform)
        var ids: [String: String] = [:]
        for status in ["pending", "approved", "active", "archived"] {
            ids[status] = try await platform.upload(
                Corpus.samples.bytes("tiny.jpg"), as: "tiny.jpg", attributes: ["status": .string(status)])
        }
        #expect(try Renditions.reports(try await drain(platform).output).isEmpty)
        // Whoever asks for it gets renditions, and the status stays the platform's.
        let pending = try #require(ids["pending"])
        let hook = try await Renditions.run(["hook", pending], platform.environment)
        #expect(hook.status == 0, "\(hook.errors)")
        #expect(try Renditions.reports(try await drain(platform).output).count == 1)
        let record = try #require(try await platform.record(pending))
        #expect(record.status == "pending")
        #expect(record.size == PixelSize(width: 120, height: 80))
    }

    @Test func anEmptyOriginalFailsWithItsReason() async throws {
        let platform = try await platform()
        try await setUp(platform)
        let id = try await platform.upload([], as: "nothing.jpg")
        _ = try await drain(platform)
        let record = try #require(try await platform.record(id))
        #expect(record.status == "failed")
        #expect(record.attributes["rendition_error"]?.map?["message"]?.string?.contains("an empty file") == true)
        let show = try await Renditions.run(["show", id], platform.environment)
        #expect(show.output.contains("an empty file"), "\(show.errors)")
    }

    @Test func anOriginalOf300MegabytesGoesTheWholeWay() async throws {
        let platform = try await platform()
        try await setUp(platform)
        let large = folder.path("large.tif")
        let made = try await Command.run("vips", ["black", large, "10000", "10000", "--bands", "3"])
        try #require(made.status == 0, "\(made.errors)")
        let imported = try await Renditions.run(["import", large, "--gallery", "g", "--json"], platform.environment)
        try #require(imported.status == 0, "\(imported.errors)")
        let id = try #require(try Renditions.reports(imported.output).first?["id"] as? String)
        _ = try await drain(platform)
        let record = try #require(try await platform.record(id))
        #expect(record.status == "active", "\(String(describing: record.attributes["rendition_error"]))")
        #expect((record.fileSize ?? 0) >= 300_000_000)
        #expect(record.size == PixelSize(width: 10000, height: 10000))
    }

    @Test func aGallerysCoverGetsThePhotosNewVersion() async throws {
        let platform = try await platform()
        try await setUp(platform)
        let id = try await platform.upload(Corpus.samples.bytes("tiny.jpg"), as: "cover.jpg")
        let before = try #require(try await platform.record(id))
        let gallery: DynamoDB.Item = ["user_id": .string("u"), "id": .string("g")]
        _ = try await platform.dynamo.put(
            gallery.merging([
                "thumbnail_url": .string(before["thumbnail_url"] ?? ""),
                "cover_photo_url": .string("http://elsewhere/other.jpg"), "name": .string("Wedding"),
            ]) { $1 }, into: platform.tables.galleries)
        _ = try await drain(platform)
        let after = try #require(try await platform.record(id))
        let shown = try #require(try await platform.dynamo.get(gallery, from: platform.tables.galleries))
        #expect(after["thumbnail_url"]?.contains("?v=") == true)
        #expect(shown["thumbnail_url"]?.string == after["thumbnail_url"])
        #expect(shown["cover_photo_url"]?.string == "http://elsewhere/other.jpg")
        #expect(shown["name"]?.string == "Wedding")

        // A new original under the same key: the cover follows once more.
        try await platform.put(Corpus.samples.bytes("grey.jpg"), as: after.s3Key)
        _ = try await Renditions.run(["hook", after.s3Key], platform.environment)
        _ = try await drain(platform, ["CDN_DOMAIN": "photos.example.com"])
        let again = try #require(try await platform.record(id))
        #expect(again["thumbnail_url"]?.hasPrefix("https://photos.example.com/renditions/g/") == true)
        #expect(again["thumbnail_url"] != after["thumbnail_url"])
        let now = try await platform.dynamo.get(gallery, from: platform.tables.galleries)
        #expect(now?["thumbnail_url"]?.string == again["thumbnail_url"])
    }

    @Test func theStartSaysWhereAndAsWhom() async throws {
        let platform = try await platform()
        try await setUp(platform)
        let worker = try await drain(platform)
        for part in [
            platform.emulator.endpoint, "us-east-1", platform.tables.photos, platform.tables.jobs,
            platform.buckets.photos, platform.buckets.renditions, "user/tests", "the environment",
        ] {
            #expect(worker.errors.contains(part), "\(part)")
        }
        #expect(!worker.errors.contains(platform.emulator.secretAccessKey))
    }

    @Test func whatIsMissingIsNamedWithItsRemedy() async throws {
        let platform = try await platform()
        let unset = try await Renditions.run(["worker", "--drain"], platform.environment)
        #expect(unset.status == 74)
        #expect(unset.errors.contains("`renditions setup` makes"), "\(unset.errors)")
        let wrong = try await Renditions.run(
            ["show", "x"], platform.environment.merging(["AWS_SECRET_ACCESS_KEY": "wrong-secret"]) { $1 })
        #expect(wrong.status == 74)
        #expect(wrong.errors.contains("Check AWS_SECRET_ACCESS_KEY"), "\(wrong.errors)")
        #expect(!wrong.errors.contains("wrong-secret"))
        let nowhere = try await Renditions.run(
            ["setup"],
            platform.environment.merging([
                "DYNAMODB_TABLE_PHOTOS": "no-such-table", "ENVIRONMENT": "production",
            ]) { $1 })
        #expect(nowhere.status == 74)
        #expect(nowhere.errors.contains("no-such-table"), "\(nowhere.errors)")
        let silent = try await Renditions.run(
            ["show", "x"], platform.environment.merging(["AWS_ENDPOINT_URL": "http://127.0.0.1:9"]) { $1 })
        #expect(silent.status == 74)
        #expect(silent.errors.contains("can't be reached"), "\(silent.errors)")
    }
}
