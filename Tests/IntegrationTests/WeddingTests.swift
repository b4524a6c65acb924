import Foundation
import RenditionCore
import RenditionTestKit
import Testing

/// Twelve real 24-megapixel photographs, from a folder to their complete records.
@Suite("Twelve real photographs", .serialized, .timeLimit(.minutes(10)))
struct WeddingTests {
    private let folder = TestFolder()
    private var store: String { "local:\(folder.path("store"))" }
    private var renditionFiles: [String] {
        folder.files(below: "store/objects/galerly-renditions-local/renditions/wedding")
    }

    @Test func theyBecomeFortyEightRenditionsAndTwelveCompleteRecords() async throws {
        let photos = Corpus.photos24.photos
        #expect(photos.count == 12, "run scripts/test, which fetches them")
        let ids = try await Renditions.importing([Corpus.photos24.folder], store)
        #expect(ids.count == 12)
        let worker = try await Renditions.run(["worker", "--drain", "--json", "--store", store])
        #expect(worker.status == 0, "\(worker.errors)")
        #expect(try Renditions.reports(worker.output).count { $0["outcome"] as? String == "done" } == 12)
        #expect(renditionFiles.count == 48)

        let tags = try await ExifTool.read(photos.map(Corpus.photos24.path))
        for (photo, tags) in zip(photos, tags) {
            let id = try #require(ids[photo.name])
            try await check(try await Renditions.show(id, store), id, photo, tags)
        }
        #expect(Set(photos.compactMap(\.orientation)) == [1, 3, 6, 8])
    }

    private func check(_ story: Story, _ id: String, _ photo: Corpus.Photo, _ tags: ExifTool.Tags) async throws {
        let name = photo.name
        let upright = PixelSize(width: try #require(photo.width), height: try #require(photo.height))
        #expect(story.status == "active", "\(name)")
        #expect(story.state == "done")
        #expect(story.photo["width"] as? Int == upright.width, "\(name)")
        #expect(story.photo["height"] as? Int == upright.height)
        #expect(story.photo["format"] as? String == "JPEG")
        #expect(story.photo["renditions_recipe"] is String)
        #expect(story.text("camera", "make") == tags["IFD0:Make"])
        #expect(story.text("camera", "model") == tags["IFD0:Model"])
        #expect(story.text("camera", "lens") == tags["ExifIFD:LensModel"])
        #expect(story.number("exif", "iso") == tags.number("ExifIFD:ISO"))
        #expect(story.number("exif", "aperture") == tags.number("ExifIFD:FNumber"))
        #expect(story.number("exif", "focal_length") == tags.number("ExifIFD:FocalLength"))
        let exposure = try #require(tags.number("ExifIFD:ExposureTime"))
        #expect(story.number("exif", "shutter_speed").map { abs($0 - exposure) < 1e-8 } == true)
        let latitude = tags.number("Composite:GPSLatitude")
        #expect((story.number("gps", "latitude") == nil) == (latitude == nil))
        if let latitude { #expect(abs((story.number("gps", "latitude") ?? 0) - latitude) < 1e-6) }
        let hasProfile = tags.names.contains { $0.hasPrefix("ICC_Profile:") || $0.hasPrefix("ICC-header:") }
        #expect(story.value("color", "has_icc_profile") as? Bool == hasProfile)

        for size in RenditionSize.all {
            let file = folder.path(
                "store/objects/galerly-renditions-local/renditions/wedding/"
                    + ObjectKeys.renditionName(originalKey: "\(id)_\(name)", size: size))
            let bytes = Array(try #require(FileManager.default.contents(atPath: file)))
            let checksum = Checksum.sha256(bytes)
            #expect(story.photo["\(size.name)_checksum"] as? String == checksum)
            #expect(story.photo["\(size.name)_size"] as? Int == bytes.count)
            #expect(
                (story.photo["\(size.name)_url"] as? String)?.hasSuffix("_\(size.name).jpg?v=\(checksum.prefix(8))")
                    == true)
            let made = try #require(try await ExifTool.read([file]).first)
            let fitted = size.fitted(upright)
            #expect(made.number("File:ImageWidth") == Double(fitted.width))
            #expect(made.number("File:ImageHeight") == Double(fitted.height))
            #expect(made.names.allSatisfy { !$0.hasPrefix("GPS:") && !$0.contains("Serial") && !$0.contains("Owner") })
        }
    }

    @Test func twoWorkersRenderEachPhotoOnce() async throws {
        let ids = try await Renditions.importing([Corpus.photos24.folder], store)
        let workers = try (0..<2).map { _ in
            try Renditions.start(["worker", "--drain", "--json", "--threads", "1", "--store", store])
        }
        var done: [[String]] = []
        for worker in workers {
            let result = try await worker.wait()
            #expect(result.status == 0, "\(result.errors)")
            done.append(try Renditions.reports(result.output).compactMap { $0["photo"] as? String })
        }
        // Counted from what the workers rendered, not only from the records.
        #expect(done.flatMap { $0 }.count == 12)
        #expect(Set(done.flatMap { $0 }) == Set(ids.values))
        #expect(done.allSatisfy { !$0.isEmpty }, "both took part")
        #expect(renditionFiles.count == 48)
    }

    @Test func aKilledWorkerLosesNothingAndLeavesNoStrayFile() async throws {
        let ids = try await Renditions.importing([Corpus.photos24.folder], store)
        // Short leases, so that the restart need not wait half a minute for the dead workers'.
        let environment = ["RENDITIONS_LEASE_SECONDS": "3"]
        for kill in 1...3 {
            let victim = try Renditions.start(["worker", "--store", store], environment)
            let before = renditionFiles.count
            while renditionFiles.count < min(before + 2 * kill, 40), victim.isRunning {
                try await Task.sleep(for: .milliseconds(10))
            }
            victim.signal(SIGKILL)
            #expect(try await victim.wait().status == -SIGKILL)
        }
        #expect(renditionFiles.count < 48, "the worker must die before its work is done")
        let restarted = try await Renditions.run(["worker", "--drain", "--json", "--store", store], environment)
        #expect(restarted.status == 0, "\(restarted.errors)")
        for (name, id) in ids {
            let story = try await Renditions.show(id, store)
            #expect(story.status == "active", "\(name): \(story.history)")
            #expect(story.renditions.allSatisfy { $0["isCurrent"] as? Bool == true })
        }
        #expect(renditionFiles.count == 48)
        #expect(folder.files(below: "store/objects").count == 48 + 12, "no stray object")
        #expect(folder.files(below: "store/tmp") == ["lock"], "no temporary file")
        for file in renditionFiles {
            let bytes = Array(
                FileManager.default.contents(
                    atPath: folder.path("store/objects/galerly-renditions-local/renditions/wedding/\(file)")) ?? Data())
            #expect(bytes.suffix(2) == [0xFF, 0xD9], "\(file) ends as a JPEG does")
        }
    }
}
