import Foundation
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

/// `renditions devserver`'s upload API on the emulator.
@Suite("The upload API", .timeLimit(.minutes(5)))
struct UploadAPITests {
    private static let page = "http://localhost:5173"

    /// The API on a platform of its own.
    private struct Desk {
        let platform: AWSPlatform
        let server: Command
        let client: UploadClient
    }

    private func start(_ settings: [String: String] = [:]) async throws -> Desk {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        let environment = platform.environment.merging(settings) { $1 }
        _ = try await Renditions.run(["setup"], environment)
        let server = try Renditions.start(["devserver", "--api", "127.0.0.1:0", "--page", "none"], environment)
        var url: String?
        while url == nil, server.isRunning {
            try await Task.sleep(for: .milliseconds(20))
            url = server.errors.firstMatch(of: /http:\/\/localhost:[0-9]+/).map { String($0.output) }
        }
        return Desk(
            platform: platform, server: server,
            client: UploadClient(api: try #require(url, "\(server.errors)"), origin: Self.page))
    }

    private func put(_ file: String, to url: String) async throws -> String {
        try await Command.run("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-T", file, url]).output
    }

    @Test func anUploadBecomesTheBackendsRecord() async throws {
        let desk = try await start()
        defer { desk.server.signal(SIGTERM) }
        #expect(try await desk.client.get("/health").status == 200)
        let (name, photos) = ("Ça #1 + 100%.JPG", "/v1/galleries/mariage d'été/photos")
        let path = photos.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? ""
        let file = "\(Corpus.samples.folder)/tiny.jpg"
        let bytes = Corpus.samples.bytes("tiny.jpg")
        let ticket = try await desk.client.post("\(path)/upload-url", ["filename": name, "file_size": bytes.count])
        #expect(ticket.status == 201)
        let id = ticket.text("photo_id")
        #expect(ticket.text("s3_key") == "mariage d'été/\(id)_\(name)")
        // The record follows the file, never the other way round.
        let early = try await desk.client.post("\(path)/confirm", ["filename": name, "photo_id": id])
        #expect(early.status == 409)
        #expect(early.error == "The file has not arrived. Upload the photo again.")
        #expect(try await desk.platform.record(id) == nil)

        #expect(try await put(file, to: ticket.text("upload_url")) == "200")
        let confirmed = try await desk.client.post("\(path)/confirm", ["filename": name, "photo_id": id])
        #expect(confirmed.status == 201)
        let record = try #require(try await desk.platform.record(id))
        let expected = NewPhoto(
            id: id, galleryID: "mariage d'été", userID: "local-photographer", filename: name, fileSize: bytes.count
        ).record(
            urls: PublicURLs(endpoint: desk.platform.emulator.endpoint, names: desk.platform.buckets),
            now: Timestamp(Date()))
        // The platform's attributes of an upload, but for what the worker reads out of the file.
        #expect(
            Set(record.attributes.keys) == [
                "id", "gallery_id", "user_id", "filename", "original_filename", "s3_key", "file_size", "size_mb", "url",
                "original_download_url", "thumbnail_url", "small_url", "small_thumb_url", "medium_url", "large_url",
                "title", "description", "tags", "status", "processing_started_at", "views", "downloads", "comments",
                "created_at", "updated_at",
            ])
        let moments: Set = ["created_at", "updated_at", "processing_started_at"]
        for (attribute, value) in expected.attributes where !moments.contains(attribute) {
            #expect(record.attributes[attribute] == value, "\(attribute)")
        }
        // Saying it twice changes nothing.
        _ = try await desk.client.post("\(path)/confirm", ["filename": name, "photo_id": id])
        #expect(try await desk.platform.record(id) == record)

        let gallery = try await desk.platform.dynamo.get(
            ["user_id": .string("local-photographer"), "id": .string("mariage d'été")],
            from: desk.platform.tables.galleries)
        #expect(gallery?["name"] == .string("mariage d'été"))

        let listed = try await desk.client.get(path)
        #expect(listed.photos.map { $0["id"] as? String } == [id])
        #expect(listed.photos.first?["status"] as? String == "processing")
        _ = try await Renditions.run(["worker", "--drain"], desk.platform.environment)
        #expect(try await desk.client.get(path).photos.first?["status"] as? String == "active")
        await desk.platform.close()
    }

    @Test func whatCannotBeAPhotoIsRefusedWithTheRemedy() async throws {
        let desk = try await start(["RENDITIONS_MAX_MEGABYTES": "2"])
        defer { desk.server.signal(SIGTERM) }
        let path = "/v1/galleries/g/photos/upload-url"
        func refused(_ name: String, _ size: Int, gallery: String = "g") async throws -> (Int, String) {
            let answer = try await desk.client.post(
                "/v1/galleries/\(gallery)/photos/upload-url", ["filename": name, "file_size": size])
            #expect(answer.text("upload_url").isEmpty)
            return (answer.status, answer.error)
        }
        #expect(try await refused("a.txt", 1) == (415, ".txt is no format of photos or films that is known here."))
        #expect(try await refused("README", 1).0 == 415)
        #expect(try await refused("a.jpg", 0) == (415, "This file is empty. Export it again and upload that."))
        #expect(
            try await refused("a.jpg", 3_000_000) == (
                415, "This file has 3 MB, and 2 MB is the most. Upload a smaller one."
            ))
        #expect(try await refused("a.jpg", Int.max).0 == 415)
        #expect(try await refused("a\u{7}.jpg", 1).0 == 400)
        #expect(try await refused(String(repeating: "🏔", count: 300) + ".jpg", 1).1.contains("too long"))
        #expect(try await refused("a.jpg", 1, gallery: "renditions").1.contains("the platform's own"))
        #expect(try await refused("a.jpg", 1, gallery: "..%2Fother").0 == 400)
        #expect(try await desk.client.post(path, ["nonsense": 1]).status == 400)
        // A path in a name is no way into somebody else's gallery.
        let crafted = try await desk.client.post(path, ["filename": "../../other/x.jpg", "file_size": 1])
        #expect(crafted.text("s3_key") == "g/\(crafted.text("photo_id"))_x.jpg")
        let strange = try await desk.client.post(
            "/v1/galleries/g/photos/confirm", ["filename": "x.jpg", "photo_id": "../x"])
        #expect(strange.status == 400)
        let retry = try await desk.client.post("/v1/photos/none/retry")
        #expect(retry.status == 409)
        #expect(retry.error.contains("isn't one that was given up"))
        let mark = try await desk.client.post(
            "/v1/watermark",
            [
                "watermark_enabled": true, "watermark_text": " ", "watermark_position": "center",
                "watermark_opacity": 1, "watermark_size_percent": 15,
            ],
            method: "PUT")
        #expect(mark.error == "A watermark needs a text. Type one, or turn the watermark off.")
        await desk.platform.close()
    }

    @Test func pagesOfOtherOriginsAreRefused() async throws {
        let desk = try await start()
        defer { desk.server.signal(SIGTERM) }
        let own = try await desk.client.get("/v1/watermark")
        #expect(own.headers.contains("access-control-allow-origin: \(Self.page)"))
        let stranger = UploadClient(api: desk.client.api, origin: "http://evil.example")
        for (path, body) in [
            ("/v1/galleries/g/photos/upload-url", ["filename": "a.jpg", "file_size": 1] as [String: Any]),
            ("/v1/galleries/g/photos/confirm", ["filename": "a.jpg", "photo_id": UUID().uuidString.lowercased()]),
            ("/v1/photos/x/retry", [:]),
        ] {
            #expect(try await stranger.post(path, body).status == 403, "\(path)")
        }
        #expect(try await stranger.post("/v1/watermark", ["watermark_enabled": false], method: "PUT").status == 403)
        #expect(
            !(try await stranger.get("/v1/watermark").headers.contains(
                "access-control-allow-origin: http://evil.example")))
        await desk.platform.close()
    }

    /// A page elsewhere may give this machine a name of its own.
    @Test func anotherNameForThisMachineIsRefused() async throws {
        let desk = try await start()
        defer { desk.server.signal(SIGTERM) }
        func status(_ host: String) async throws -> String {
            try await Command.run(
                "curl",
                [
                    "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Host: \(host)",
                    "\(desk.client.api)/v1/galleries/g/photos",
                ]
            ).output
        }
        #expect(try await status("evil.example:5001") == "403")
        #expect(try await status("127.0.0.1.evil.example") == "403")
        #expect(try await status("localhost:5001") == "200")
        await desk.platform.close()
    }

    @Test func itIsForDevelopmentOnly() async throws {
        let platform = AWSPlatform.unmade(on: try await Emulator.shared())
        let production = try await Renditions.run(
            ["devserver"], platform.environment.merging(["ENVIRONMENT": "production"]) { $1 })
        #expect(production.status == 78)
        #expect(production.errors.contains("devserver is for development only"))
        let local = try await Renditions.run(["devserver", "--store", "local:x"])
        #expect(local.status == 78)
        #expect(local.errors.contains("browsers upload to S3"))
        await platform.close()
    }

    /// Pictures may come from a CDN; originals never go there.
    @Test func thePageMayReachWhereOriginalsGo() async throws {
        let platform = AWSPlatform.unmade(on: try await Emulator.shared())
        let port = try FreePort.choose(1)[0]
        let server = try Renditions.start(
            ["devserver", "--api", "none", "--page", "127.0.0.1:\(port)"],
            platform.environment.merging(["CDN_DOMAIN": "cdn.example.com"]) { $1 })
        defer { server.signal(SIGTERM) }
        let page = UploadClient(api: "http://127.0.0.1:\(port)")
        try await eventually("the page answers") { try await page.get("/").status == 200 }
        let policy = try await page.get("/").headers
        let origin = try #require(CrossOrigin.origin(of: platform.emulator.endpoint))
        #expect(policy.contains("img-src https://cdn.example.com data:;"), "\(policy)")
        let reached = try #require(policy.firstMatch(of: /connect-src ([^;]*);/)?.1)
        #expect(reached.split(separator: " ").contains(Substring(origin)), "\(policy)")
        // Its API would refuse it: it is another page than FRONTEND_URL's.
        #expect(server.errors.contains("Set FRONTEND_URL to the page's address"), "\(server.errors)")
        await platform.close()
    }

    @Test func theTakenPortOfTheTwoIsNamed() async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        _ = try await Renditions.run(["setup"], platform.environment)
        let port = try FreePort.choose(1)[0]
        let holder = try Command("python3", ["-m", "http.server", "--bind", "127.0.0.1", String(port)])
        defer { holder.signal(SIGKILL) }
        try await eventually("the port is taken") { !FreePort.isFree(port) }
        let server = try await Renditions.run(
            ["devserver", "--api", "127.0.0.1:0", "--page", "127.0.0.1:\(port)"], platform.environment)
        #expect(server.status == 1)
        #expect(server.errors.contains("Port \(port) is taken."), "\(server.errors)")
        await platform.close()
    }

    @Test func aChangedWatermarkIsFollowedByARerender() async throws {
        let desk = try await start()
        defer { desk.server.signal(SIGTERM) }
        let ticket = try await desk.client.post(
            "/v1/galleries/g/photos/upload-url", ["filename": "a.jpg", "file_size": 9])
        _ = try await put("\(Corpus.samples.folder)/DSC_0001.JPG", to: ticket.text("upload_url"))
        _ = try await desk.client.post(
            "/v1/galleries/g/photos/confirm", ["filename": "a.jpg", "photo_id": ticket.text("photo_id")])
        _ = try await Renditions.run(["worker", "--drain"], desk.platform.environment)
        let before = try await desk.platform.record(ticket.text("photo_id"))
        let wish: [String: Any] = [
            "watermark_enabled": true, "watermark_text": "PROOF", "watermark_position": "center",
            "watermark_opacity": 0.5,
            "watermark_size_percent": 30,
        ]
        let changed = try await desk.client.post("/v1/watermark", wish, method: "PUT")
        #expect(changed.object["queued"] as? Int == 1, "\(changed)")
        let told = try await desk.client.get("/v1/watermark").object
        #expect(told as NSDictionary == wish as NSDictionary, "\(told)")
        // Turned off, it keeps everything for the day that it is turned on again.
        let off = wish.merging(["watermark_enabled": false]) { $1 }
        _ = try await desk.client.post("/v1/watermark", off, method: "PUT")
        let kept = try await desk.client.get("/v1/watermark").object
        #expect(kept as NSDictionary == off as NSDictionary, "\(kept)")
        _ = try await desk.client.post("/v1/watermark", wish, method: "PUT")
        _ = try await Renditions.run(["worker", "--drain"], desk.platform.environment)
        let after = try await desk.platform.record(ticket.text("photo_id"))
        #expect(after?["large_checksum"] != before?["large_checksum"])
        #expect(after?.status == "active")
        await desk.platform.close()
    }
}
