import Foundation
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

/// What a dry run says beside what then arrives at the store.
@Suite("The dry run", .serialized, .timeLimit(.minutes(5)))
struct DryRunTests {
    private struct Estimate: Decodable {
        struct Count: Decodable {
            var requests: Int
            var units: Double
        }

        var photos: Int
        var current: Int
        var renditions: Int
        var bytesRead: Int
        var bytesWritten: Int
        var cpuSeconds: Double
        var requests: [String: Count]?
        var workerRequests: [String: Count]?
        var money: [String: Double]

        /// As ``FaultProxy`` names requests.
        var arrivals: [String: Int] {
            let methods = [
                "HeadObject": "HEAD", "GetObject": "GET", "ListObjectsV2": "GET", "PutObject": "PUT",
                "DeleteObject": "DELETE",
            ]
            var arrivals: [String: Int] = [:]
            for (call, count) in requests ?? [:] {
                let parts = call.split(separator: " ").map(String.init)
                arrivals["\(parts[0]).\(methods[parts[1]] ?? parts[1])", default: 0] += count.requests
            }
            return arrivals
        }
    }

    private let settings = ["RENDITIONS_FURTHER_FORMATS": "medium:webp"]

    private func estimate(_ stage: BatchStage, _ arguments: [String]) async throws -> Estimate {
        let result = try await Renditions.run(
            ["rerender", "--dry-run", "--json"] + arguments, stage.environment(settings))
        #expect(result.status == 0, "\(result.errors)")
        return try JSONDecoder().decode(Estimate.self, from: Data(result.output.utf8))
    }

    /// Photos of every kind of way: new ones, current ones, ones with a logo, with a text, of a user that there isn't, a
    /// gallery's cover, a film, one whose status is the platform's, one that waits in the queue, one that lacks a file.
    private func stage() async throws -> BatchStage {
        let stage = try await BatchStage(.dynamoDBAndS3)
        let target = try #require(stage.target as? AWSTarget)
        try await target.platform.put(Corpus.samples.bytes("logo-alpha.png"), as: "logos/anna.png")
        let logo: [String: RecordValue] = [
            "watermark_enabled": .bool(true), "watermark_s3_key": .string("logos/anna.png"),
        ]
        try await target.keep(Photographer(attributes: logo), as: "anna")
        try await target.keep(
            Photographer(attributes: ["watermark_enabled": .bool(true), "watermark_text": .string("ben")]), as: "ben")
        var old: [PhotoRef] = []
        for (number, user) in ["anna", "anna", "ben", "nobody", "ben", "anna", "nobody"].enumerated() {
            old.append(try await stage.upload(as: "old-\(number).jpg", user: user))
        }
        try await stage.renderAll(settings)
        // One is a cover twice over, under an old version and under none.
        let cover = try await stage.record(old[2])
        let shown = try #require(cover["large_url"]?.split(separator: "?").first).description
        _ = try await target.platform.dynamo.put(
            [
                "user_id": .string("ben"), "id": .string("g"), "thumbnail_url": .string("\(shown)?v=00000000"),
                "cover_photo_url": .string(shown),
            ], into: target.platform.tables.galleries)
        try await stage.store.objects.delete(.renditions, key: try await stage.key(old[3], .small))
        _ = try await stage.store.queue.enqueue(old[4], lane: .fresh)
        try await target.platform.put(Corpus.samples.bytes("tiny.jpg") + [0], as: try await stage.record(old[6]).s3Key)
        for (number, user) in ["anna", "nobody"].enumerated() {
            _ = try await stage.upload(as: "new-\(number).jpg", user: user)
        }
        _ = try await stage.upload(as: "approved.jpg", user: "ben", attributes: ["status": .string("approved")])
        let film = stage.folder.path("dance.mp4")
        let made = try await Command.run(
            "ffmpeg",
            ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=1", "-pix_fmt", "yuv420p", film])
        try #require(made.status == 0, "\(made.errors)")
        _ = try await stage.upload(as: "dance.mp4", user: "ben", file: film)
        return stage
    }

    @Test(arguments: [[], ["--missing"], ["--force"], ["--stale"], ["--missing", "--stale"]])
    func countsTheRequestsThatThenArrive(_ choice: [String]) async throws {
        let stage = try await stage()
        let arguments = ["--gallery", "g", "--now"] + choice
        let estimate = try await estimate(stage, arguments)
        let proxy = try #require(try await stage.target.proxy())
        let run = try await Renditions.run(
            ["rerender", "--json"] + arguments, stage.environment(through: proxy, settings))
        #expect(run.status == 0, "\(run.errors)")
        let summary = try BatchLines(run.output).summary
        #expect(proxy.counts() == estimate.arrivals, "\(choice)")
        #expect(summary["done"] as? Int == estimate.photos)
        #expect(summary["current"] as? Int == estimate.current)
        #expect(estimate.photos > 3)
        await proxy.stop()
        await stage.target.close()
    }

    @Test func ofARunInTheFleetItCountsThisCommandsOwn() async throws {
        let stage = try await stage()
        let estimate = try await estimate(stage, ["--all"])
        let proxy = try #require(try await stage.target.proxy())
        let run = try await Renditions.run(
            ["rerender", "--all", "--detach"], stage.environment(through: proxy, settings))
        #expect(run.status == 0, "\(run.errors)")
        #expect(proxy.counts() == estimate.arrivals)
        #expect((estimate.workerRequests?["S3 PutObject"]?.requests ?? 0) > 0)
        await proxy.stop()
        await stage.target.close()
    }

    /// Only photos that are owed have their photographer told by mail, which a row has to know of.
    @Test func countsWhatMailsTake() async throws {
        let stage = try await BatchStage(.dynamoDBAndS3)
        _ = try await stage.upload(count: 2)
        try await stage.renderAll()
        _ = try await stage.upload(as: "new.jpg")
        let settings = ["FROM_EMAIL": "galerly@galerly.example"]
        let arguments = ["--gallery", "g", "--force", "--now"]
        let estimated = try await Renditions.run(
            ["rerender", "--dry-run", "--json"] + arguments, stage.environment(settings))
        let estimate = try JSONDecoder().decode(Estimate.self, from: Data(estimated.output.utf8))
        let proxy = try #require(try await stage.target.proxy())
        let run = try await Renditions.run(["rerender"] + arguments, stage.environment(through: proxy, settings))
        #expect(run.status == 0, "\(run.errors)")
        #expect(proxy.counts() == estimate.arrivals)
        await proxy.stop()
        await stage.target.close()
    }

    @Test func tellsBytesTimeAndMoney() async throws {
        let stage = try await BatchStage(.dynamoDBAndS3)
        let photos = try await stage.upload(count: 3)
        try await stage.renderAll(settings)
        var written = 0
        for photo in photos {
            let record = try await stage.record(photo)
            for name in ["thumbnail", "small", "medium", "medium_webp", "large"] {
                written += record.attributes["\(name)_size"]?.integer ?? 0
            }
        }
        let all = try await estimate(stage, ["--gallery", "g", "--force"])
        #expect((all.photos, all.current, all.renditions) == (3, 0, 15))
        #expect(all.bytesRead == Corpus.samples.bytes("tiny.jpg").count * 3)
        #expect(all.bytesWritten == written)
        #expect(all.cpuSeconds > 0)
        let current = try await estimate(stage, ["--gallery", "g"])
        #expect((current.current, current.renditions, current.bytesRead) == (3, 0, 0))
        let dear = try await Renditions.run(
            ["rerender", "--dry-run", "--gallery", "g", "--force", "--now"],
            stage.environment(settings.merging(["RENDITIONS_PRICE_S3_PUT": "1000"]) { $1 }))
        // Fifteen files and no listing at a dollar each.
        #expect(dear.output.contains("s3 $15.0"), "\(dear.output)")
        #expect(dear.output.contains("S3 PutObject  15"), "\(dear.output)")
        let wrong = try await stage.run(
            "rerender", "--all", "--dry-run", settings: ["RENDITIONS_PRICE_CPU_HOUR": "cheap"])
        #expect(wrong.status == 78)
        #expect(stage.folder.files(below: "runs").isEmpty, "a dry run leaves nothing")
        await stage.target.close()
    }

    @Test func theTimeIsThatOfTheLastRunHere() async throws {
        let stage = try await BatchStage(.embedded)
        _ = try await stage.upload(count: 20)
        let before = try await stage.run("rerender", "--all", "--dry-run")
        #expect(before.output.contains("by the project's benchmark"), "\(before.output)")
        #expect(try await stage.run("rerender", "--all", "--now").status == 0)
        let after = try await stage.run("rerender", "--all", "--dry-run", "--force")
        #expect(after.output.contains("here, of 20 photos"), "\(after.output)")
        await stage.target.close()
    }

    @Test func anEmbeddedStoreTakesTimeAlone() async throws {
        let stage = try await BatchStage(.embedded)
        _ = try await stage.upload(count: 2)
        let all = try await estimate(stage, ["--all"])
        #expect(all.requests == nil)
        #expect(all.photos == 2)
        #expect(all.money.keys.sorted() == ["cpu", "total"])
        await stage.target.close()
    }
}
