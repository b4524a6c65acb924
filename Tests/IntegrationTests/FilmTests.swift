import Foundation
import RenditionCore
import RenditionTestKit
import Testing

/// A film among the photos of a gallery.
@Suite("Films", .timeLimit(.minutes(5)))
struct FilmTests {
    private let folder = TestFolder()
    private let made = ["medium", "small", "thumbnail"]

    private func film() async throws -> String {
        let path = folder.path("First dance.mp4")
        let result = try await Command.run(
            "ffmpeg",
            ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=25:d=3", "-pix_fmt", "yuv420p", path])
        try #require(result.status == 0, "\(result.errors)")
        return path
    }

    @Test func theEmbeddedStoreShowsItsPoster() async throws {
        let store = "local:\(folder.path("store"))"
        let ids = try await Renditions.importing([try await film()], gallery: "g", store)
        let id = try #require(ids.values.first)
        let worker = try await Renditions.run(["worker", "--drain", "--store", store])
        #expect(worker.status == 0, "\(worker.errors)")
        let story = try await Renditions.show(id, store)
        #expect(story.status == "active")
        #expect(story.photo["format"] as? String == "MP4")
        #expect((story.photo["duration"] as? NSNumber)?.doubleValue == 3)
        #expect(story.photo["width"] as? Int == 1920 && story.photo["height"] as? Int == 1080)
        #expect(folder.files(below: "store/objects").filter { $0.contains("renditions/") }.count == made.count)
        // The upload wrote a URL of a large rendition, which a viewer may open.
        #expect(story.photo["large_url"] as? String == story.photo["medium_url"] as? String)
        #expect(story.photo["large_size"] == nil)
    }

    /// Where this machine can't keep a temporary file, no film is to blame.
    @Test func aMachineWithoutTemporaryFilesCostsNoAttempt() async throws {
        let store = "local:\(folder.path("store"))"
        let ids = try await Renditions.importing([try await film()], gallery: "g", store)
        let id = try #require(ids.values.first)
        let worker = try Renditions.start(
            ["worker", "--store", store], ["TMPDIR": folder.path("none"), "RENDITIONS_RETRY_MS": "1"])
        try await eventually("the log names the remedy") { worker.errors.contains("name another folder in TMPDIR") }
        worker.signal(SIGTERM)
        _ = try await worker.wait()
        let waiting = try await Renditions.show(id, store)
        #expect(waiting.status == "processing")
        #expect(waiting.job["attempts"] as? Int == 0)
        _ = try await Renditions.run(["worker", "--drain", "--store", store])
        #expect(try await Renditions.show(id, store).status == "active")
    }

    @Test func onS3ItIsRenderedOnce() async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        let setup = try await Renditions.run(["setup"], platform.environment)
        try #require(setup.status == 0, "\(setup.errors)")
        let bytes = Array(FileManager.default.contents(atPath: try await film()) ?? Data())
        let id = try await platform.upload(bytes, as: "First dance.mp4")
        let worker = try await Renditions.run(["worker", "--drain", "--json"], platform.environment)
        #expect(try Renditions.reports(worker.output).count == 1)
        let showing = try await Showing(id, on: platform)
        #expect(showing.record.status == "active")
        #expect(showing.renditions.keys.sorted() == made)
        #expect(showing.record.attributes["duration"] == .decimal(3, places: 3))

        // A film owes no large rendition: told of it again, the worker has nothing to do.
        _ = try await Renditions.run(["hook", id], platform.environment)
        let again = try await Renditions.run(["worker", "--drain", "--json"], platform.environment)
        #expect(try Renditions.reports(again.output).map { $0["alreadyCurrent"] as? Bool } == [true])
    }
}
