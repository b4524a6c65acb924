import Foundation
import RenditionCore
import RenditionTestKit
import Testing

/// Re-rendering many photos.
@Suite("Batch re-render", .serialized, .timeLimit(.minutes(10)))
struct RerenderTests {
    // MARK: Stopped and resumed

    @Test(arguments: [(ChaosStore.embedded, 500), (.dynamoDBAndS3, 60)])
    func aRunThatIsStoppedIsResumedWhereItWas(_ kind: ChaosStore, _ count: Int) async throws {
        let stage = try await BatchStage(kind)
        let photos = try await stage.upload(count: count)
        let first = try stage.start("rerender", "--gallery", "g", "--force", "--now", "--json")
        try await eventually("it is in the middle") {
            first.output.count { $0 == "\n" } >= count / 5 || !first.isRunning
        }
        first.signal(SIGINT)
        let stopped = try await first.wait()
        #expect(stopped.status == 130, "\(stopped.errors)")
        let before = try BatchLines(stopped.output)
        #expect(before.photos().count < count)
        #expect(before.summary["unfinished"] as? Bool == true)
        #expect(stopped.errors.contains("rerender --resume"), "\(stopped.errors)")

        let resumed = try await stage.run("rerender", "--resume", "--json")
        #expect(resumed.status == 0, "\(resumed.errors)")
        let after = try BatchLines(resumed.output)
        #expect(after.summary["done"] as? Int == count)
        #expect(Set(before.photos()).isDisjoint(with: after.photos()))
        #expect(Set(before.photos() + after.photos()) == Set(photos.map(\.id)))
        for photo in photos {
            #expect(try await stage.count(.done, of: photo) == 1)
            #expect(try await stage.record(photo).status == PhotoStatus.active)
        }
        #expect(stage.folder.files(below: "runs").filter { $0.hasSuffix(".jsonl") }.isEmpty)
        let nothing = try await stage.run("rerender", "--resume")
        #expect(nothing.status == 66)
        #expect(nothing.errors.contains("no unfinished run"), "\(nothing.errors)")
        await stage.target.close()
    }

    @Test(arguments: [(ChaosStore.embedded, 200), (.dynamoDBAndS3, 40)])
    func aRunThatIsKilledIsResumedToo(_ kind: ChaosStore, _ count: Int) async throws {
        let stage = try await BatchStage(kind)
        let photos = try await stage.upload(count: count)
        let short = ["RENDITIONS_LEASE_SECONDS": "4"]
        let first = try stage.start("rerender", "--gallery", "g", "--force", "--now", "--json", settings: short)
        try await eventually("it is in the middle") {
            first.output.count { $0 == "\n" } >= count / 4 || !first.isRunning
        }
        first.signal(SIGKILL)
        #expect(try await first.wait().status == -SIGKILL)
        // It may have been killed in the middle of a line, too.
        let journal = try #require(stage.folder.files(below: "runs").first { $0.hasSuffix(".jsonl") })
        let file = try #require(FileHandle(forWritingAtPath: stage.folder.path("runs/\(journal)")))
        _ = try file.seekToEnd()
        try file.write(contentsOf: Data(#"{"entry":{"id":"torn"#.utf8))
        try file.close()

        let resumed = try await stage.run("rerender", "--resume", "--json", settings: short)
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(try BatchLines(resumed.output).summary["done"] as? Int == count)
        for photo in photos { #expect(try await stage.count(.done, of: photo) == 1) }
        await stage.target.close()
    }

    @Test(arguments: ChaosStore.allCases)
    func aRunInTheFleetIsFollowedStoppedAndResumed(_ kind: ChaosStore) async throws {
        let stage = try await BatchStage(kind)
        let photos = try await stage.upload(count: 12)
        try await stage.renderAll()
        let first = try stage.start("rerender", "--gallery", "g", "--force", "--json")
        try await eventually("all are queued") {
            try await stage.store.queue.jobs(photos.map(\.id)).values.allSatisfy {
                $0.state == .queued && $0.lane == .batch
            }
        }
        first.signal(SIGINT)
        let stopped = try await first.wait()
        #expect(stopped.status == 130, "\(stopped.errors)")
        #expect(try BatchLines(stopped.output).lines.isEmpty)

        let end = try await stage.withFleet { try await stage.run("rerender", "--resume", "--json") }
        #expect(end.status == 0, "\(end.errors)")
        #expect(try BatchLines(end.output).summary["done"] as? Int == 12)
        for photo in photos {
            // Rendered when it was uploaded, and once more.
            #expect(try await stage.count(.done, of: photo) == 2)
            #expect(try await stage.store.queue.job(photo.id)?.generation == 2, "it was queued once")
        }
        await stage.target.close()
    }

    /// A process that was killed while it looked for the photos has noted some of them, the last one by half.
    @Test(arguments: [false, true])
    func aSelectionThatWasInterruptedIsMadeAgain(_ here: Bool) async throws {
        let stage = try await BatchStage(.embedded)
        let photos = try await stage.upload(count: 8)
        try await stage.renderAll()
        let first = try stage.start("rerender", "--gallery", "g", "--force")
        try await eventually("all are queued") { try await stage.store.queue.depth().due == 8 }
        first.signal(SIGKILL)
        _ = try await first.wait()
        try await stage.renderAll()
        let name = try #require(stage.folder.files(below: "runs").first)
        let path = stage.folder.path("runs/\(name)")
        var lines = String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
            .split(separator: "\n").map(String.init)
        #expect(lines.count >= 9, "a header and the photos")
        if here { lines[0] = lines[0].replacing(#""now":false"#, with: #""now":true"#) }
        let torn = lines.prefix(4).joined(separator: "\n") + "\n" + lines[4].prefix(20)
        try Data(torn.utf8).write(to: URL(fileURLWithPath: path))

        var second = try stage.start("rerender", "--resume", "--json")
        if !here {
            try await eventually("the others are queued") { try await stage.store.queue.depth().due == 5 }
            // Killed once more, it has left a journal in which all are.
            second.signal(SIGKILL)
            _ = try await second.wait()
            let noted = try String(decoding: #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
                .split(separator: "\n").dropFirst().filter {
                    (try? JSONSerialization.jsonObject(with: Data($0.utf8))) != nil
                }
            for photo in photos { #expect(noted.contains { $0.contains(photo.id) }) }
            second = try stage.start("rerender", "--resume", "--json")
            try await stage.renderAll()
        }
        let end = try await second.wait()
        #expect(end.status == 0, "\(end.errors)")
        #expect(try BatchLines(end.output).summary["done"] as? Int == 8)
        for photo in photos {
            // The three that the journal has are done; of the others nobody knows.
            let isNoted = lines[1...3].contains { $0.contains(photo.id) }
            #expect(try await stage.count(.done, of: photo) == (isNoted ? 2 : 3))
        }
        await stage.target.close()
    }

    @Test func aRunIsOneProcessAtATime() async throws {
        let stage = try await BatchStage(.embedded)
        _ = try await stage.upload(count: 3)
        let first = try stage.start("rerender", "--gallery", "g")
        try await eventually("the run has begun") { !stage.folder.files(below: "runs").isEmpty }
        let second = try await stage.run("rerender", "--resume")
        #expect(second.status == 66)
        #expect(second.errors.contains("going on in another process"), "\(second.errors)")
        first.signal(SIGKILL)
        _ = try await first.wait()
        let elsewhere = try await BatchStage(.embedded)
        let foreign = try await Renditions.run(
            ["rerender", "--resume"], elsewhere.environment(["RENDITIONS_RUNS": stage.folder.path("runs")]))
        #expect(foreign.status == 66, "a run is resumed on its own store")
        let name = try #require(stage.folder.files(below: "runs").first?.split(separator: ".").first)
        let named = try stage.start("rerender", "--resume-run", "\(name)")
        try await stage.renderAll()
        #expect(try await named.wait().status == 0)
        await elsewhere.target.close()
        await stage.target.close()
    }

    @Test(arguments: [[], ["--now"], ["--detach"]])
    func aRecordThatCantBeReadEndsTheRunAndIsNamed(_ how: [String]) async throws {
        let stage = try await BatchStage(.embedded)
        let photo = try await stage.upload()
        let name = try #require(stage.folder.files(below: "").first { $0.hasSuffix("store.sqlite") })
        try SQLiteShell.run("UPDATE photo SET attributes = 'junk' WHERE id = '\(photo.id)'", stage.folder.path(name))
        let end = try await Renditions.run(["rerender", "--all"] + how, stage.environment())
        #expect(end.status == 74, "\(end.status) \(end.errors)")
        #expect(end.errors.contains("The record of the photo \(photo.id) can't be read"), "\(end.errors)")
        await stage.target.close()
    }

    /// An upload that is told of again while a run stands still says nothing of rendering what is current.
    @Test(arguments: [false, true])
    func aResumedRunStillForces(_ here: Bool) async throws {
        let stage = try await BatchStage(.embedded)
        let photo = try await stage.upload()
        try await stage.renderAll()
        let first = try stage.start("rerender", "--all", "--force")
        try await eventually("it is queued") { try await stage.store.queue.depth().due == 1 }
        first.signal(SIGINT)
        _ = try await first.wait()
        try await stage.renderAll()
        // As if it had been stopped after the photo was noted and before it was queued.
        let name = try #require(stage.folder.files(below: "runs").first { $0.hasSuffix(".jsonl") })
        let path = stage.folder.path("runs/\(name)")
        let text = String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
        try Data(
            text.replacing(#""past":1"#, with: #""past":2"#)
                .replacing(#""now":false"#, with: #""now":\#(here)"#).utf8
        ).write(to: URL(fileURLWithPath: path))
        try await stage.store.queue.enqueue(photo, lane: .fresh)
        let resumed = try stage.start("rerender", "--resume", "--json")
        if !here {
            try await eventually("it is queued again") { try await stage.store.queue.job(photo.id)?.generation == 4 }
            #expect(try await stage.store.queue.job(photo.id)?.lane == .fresh)
        }
        let lease = here ? nil : try await stage.store.queue.claim(photo.id, owner: "test", lease: .seconds(60))
        if let lease {
            #expect(lease.note.isForced)
            _ = try await stage.store.queue.finish(lease, recipe: "r")
        }
        let end = try await resumed.wait()
        #expect(end.status == 0, "\(end.errors)")
        if here { #expect(try BatchLines(end.output).summary["current"] as? Int == 0) }
        await stage.target.close()
    }

    @Test func aDamagedJournalIsNoShorterRun() async throws {
        let stage = try await BatchStage(.embedded)
        _ = try await stage.upload(count: 3)
        try await stage.renderAll()
        let first = try stage.start("rerender", "--all", "--force")
        try await eventually("all are queued") { try await stage.store.queue.depth().due == 3 }
        first.signal(SIGINT)
        _ = try await first.wait()
        let name = try #require(stage.folder.files(below: "runs").first { $0.hasSuffix(".jsonl") })
        let path = stage.folder.path("runs/\(name)")
        var lines = String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
            .split(separator: "\n").map(String.init)
        lines[2] = String(lines[2].dropLast(9))
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: path))
        let end = try await stage.run("rerender", "--resume", "--detach")
        #expect(end.status == 66, "\(end.output)")
        #expect(end.errors.contains("\(name) is damaged"), "\(end.errors)")
        await stage.target.close()
    }

    // MARK: Which photos

    /// The photos that a choice renders, all of which were current before.
    private func chosen(_ stage: BatchStage, _ arguments: String...) async throws -> Set<String> {
        let result = try await Renditions.run(["rerender", "--now", "--json"] + arguments, stage.environment())
        #expect(result.status == 0, "\(result.errors)")
        return Set(try BatchLines(result.output).photos())
    }

    @Test(arguments: ChaosStore.allCases)
    func photosAreChosenByWhatTheyAre(_ kind: ChaosStore) async throws {
        let stage = try await BatchStage(kind)
        func at(_ uploaded: String, taken: String, status: String? = nil) -> [String: RecordValue] {
            var attributes: [String: RecordValue] = [
                "created_at": .string(uploaded), "timestamps": .map(["date_taken": .string(taken)]),
            ]
            if let status { attributes["status"] = .string(status) }
            return attributes
        }
        let a = try await stage.upload(
            gallery: "one", user: "anna", attributes: at("2026-06-01T00:00:00.000Z", taken: "2026-05-30T23:59:59"))
        let b = try await stage.upload(
            gallery: "one", user: "ben",
            attributes: at("2026-06-02T23:59:59.999Z", taken: "2026-05-31T01:00:00+02:00", status: "pending"))
        let c = try await stage.upload(
            gallery: "two", user: "anna", attributes: at("2026-06-03T00:00:00.000Z", taken: "2026-05-31T12:00:00Z"))
        // tiny.jpg has no date of its own, which leaves the record's alone.
        #expect(try await chosen(stage, "--gallery", "one") == [a.id, b.id])
        #expect(try await chosen(stage, "--user", "anna") == [a.id, c.id])
        #expect(try await chosen(stage, a.id, c.id, "nobody") == [a.id, c.id])
        #expect(try await chosen(stage, "--all") == [a.id, b.id, c.id])
        #expect(try await chosen(stage, "--all", "--status", "pending") == [b.id])
        #expect(
            try await chosen(stage, "--all", "--uploaded-from", "2026-06-01", "--uploaded-to", "2026-06-02")
                == [a.id, b.id])
        #expect(try await chosen(stage, "--all", "--uploaded-from", "2026-06-02T23:59:59Z") == [b.id, c.id])
        // Two in the night of the 30th, one of whom wrote where it was.
        #expect(try await chosen(stage, "--all", "--taken-to", "2026-05-30") == [a.id, b.id])
        #expect(try await chosen(stage, "--all", "--taken-from", "2026-05-31") == [c.id])
        #expect(try await chosen(stage, "--gallery", "one", "--taken-from", "2026-05-31").isEmpty)
        #expect(try await stage.record(b).status == "pending")
        await stage.target.close()
    }

    @Test(arguments: ChaosStore.allCases)
    func whatIsMissingIsFound(_ kind: ChaosStore) async throws {
        let stage = try await BatchStage(kind)
        let photos = try await stage.upload(count: 5)
        try await stage.renderAll()
        for scope in [["--gallery", "g"], ["--all"], photos.map(\.id)] {
            func missing() async throws -> Set<String> {
                let result = try await Renditions.run(
                    ["rerender", "--now", "--json", "--missing"] + scope, stage.environment())
                #expect(result.status == 0, "\(result.errors)")
                return Set(try BatchLines(result.output).photos())
            }
            #expect(try await missing().isEmpty)
            let key = try await stage.key(photos[1], .medium)
            try await stage.store.objects.delete(.renditions, key: key)
            try await stage.remove(["placeholder"], from: photos[2])
            try await stage.remove(["large_size", "large_checksum"], from: photos[3])
            #expect(try await missing() == Set(photos[1...3].map(\.id)))
            #expect(try await stage.store.objects.head(.renditions, key: key) != nil)
            for photo in photos[2...3] {
                let record = try await stage.record(photo)
                #expect(record["placeholder"] != nil)
                #expect(record["large_checksum"] != nil)
            }
        }
        await stage.target.close()
    }

    @Test(arguments: ChaosStore.allCases)
    func whatWouldBeRenderedOtherwiseIsFound(_ kind: ChaosStore) async throws {
        let stage = try await BatchStage(kind)
        var photos: [PhotoRef] = []
        for user in ["anna", "ben", "anna"] {
            photos.append(try await stage.upload(as: "\(photos.count).jpg", user: user))
        }
        try await stage.renderAll()
        #expect(try await chosen(stage, "--all", "--stale").isEmpty)
        try await stage.target.keep(
            Photographer(attributes: ["watermark_enabled": .bool(true), "watermark_text": .string("© Anna")]),
            as: "anna")
        let before = try await stage.record(photos[0])["large_checksum"]
        #expect(try await chosen(stage, "--all", "--stale") == [photos[0].id, photos[2].id])
        #expect(try await stage.record(photos[0])["large_checksum"] != before)
        #expect(try await chosen(stage, "--all", "--stale").isEmpty)
        // The operator's settings count as well, and each of both choices suffices.
        try await stage.store.objects.delete(.renditions, key: try await stage.key(photos[1], .small))
        #expect(try await chosen(stage, "--all", "--stale", "--missing") == [photos[1].id])
        let all = try await stage.run(
            "rerender", "--all", "--stale", "--now", "--json", settings: ["RENDITIONS_SHARPENING": "strong"])
        #expect(try BatchLines(all.output).photos().count == 3, "\(all.errors)")
        await stage.target.close()
    }

    @Test func nothingIsChosenUnasked() async throws {
        let stage = try await BatchStage(.embedded)
        for arguments in [
            [], ["--all", "--gallery", "g"], ["--all", "--taken-from", "yesterday"], ["--resume", "--all"],
            ["--resume", "--force"], ["--all", "--now", "--detach"], ["--all", "--taken-to", "2026-02-30"],
        ] {
            let result = try await Renditions.run(["rerender"] + arguments, stage.environment())
            #expect(result.status == 64, "\(arguments): \(result.output)")
        }
        await stage.target.close()
    }

    // MARK: Order and care

    @Test(arguments: ChaosStore.allCases)
    func aFreshUploadGoesBeforeABatch(_ kind: ChaosStore) async throws {
        let stage = try await BatchStage(kind)
        _ = try await stage.upload(count: 40)
        try await stage.renderAll()
        let queued = try await stage.run("rerender", "--gallery", "g", "--force", "--detach")
        #expect(queued.status == 0, "\(queued.errors)")
        #expect(queued.output.contains("40 photos are in the queue"), "\(queued.output)")
        let bride = try await stage.upload(as: "bride.jpg", gallery: "bride")
        _ = try await stage.store.queue.adopt(bride, lane: .fresh)
        // One at a time, so that the order shows.
        let worker = try await stage.run(
            "worker", "--drain", "--json", "--threads", "1", settings: ["RENDITIONS_MEMORY_MB": "64"])
        let order = try Renditions.reports(worker.output).compactMap { $0["photo"] as? String }
        #expect(order.count == 41)
        // One claim in eight ignores the order.
        #expect(try #require(order.firstIndex(of: bride.id)) < 12)
        await stage.target.close()
    }

    @Test(arguments: ChaosStore.allCases)
    func aPhotoThatWaitsKeepsItsPlace(_ kind: ChaosStore) async throws {
        let stage = try await BatchStage(kind)
        let photo = try await stage.upload()
        _ = try await stage.store.queue.adopt(photo, lane: .fresh)
        for force in [[], ["--force"]] {
            let queued = try await Renditions.run(["rerender", photo.id, "--detach"] + force, stage.environment())
            #expect(queued.status == 0, "\(queued.errors)")
            #expect(try await stage.store.queue.job(photo.id)?.lane == .fresh)
        }
        await stage.target.close()
    }

    @Test func anOriginalWhoseRecipeIsCurrentIsNeverDownloaded() async throws {
        let stage = try await BatchStage(.dynamoDBAndS3)
        let photos = try await stage.upload(count: 6)
        try await stage.renderAll()
        let proxy = try #require(try await stage.target.proxy())
        for here in [["--now"], []] {
            let result = try await stage.withFleet {
                try await Renditions.run(
                    ["rerender", "--gallery", "g", "--json"] + here, stage.environment(through: proxy))
            }
            #expect(result.status == 0, "\(result.errors)")
            #expect(try BatchLines(result.output).summary["done"] as? Int == photos.count)
        }
        #expect(proxy.counts()["S3.GET"] == nil)
        #expect(proxy.counts()["S3.PUT"] == nil)
        await proxy.stop()
        await stage.target.close()
    }

    @Test(arguments: ChaosStore.allCases, [true, false])
    func whatFailsIsListed(_ kind: ChaosStore, _ here: Bool) async throws {
        let stage = try await BatchStage(kind)
        _ = try await stage.upload(count: 2)
        let broken = try await stage.upload("broken.jpg", as: "Braut.jpg")
        let result =
            try await here
            ? stage.run("rerender", "--all", "--now")
            : stage.withFleet { try await stage.run("rerender", "--all") }
        #expect(result.status == 1, "\(result.errors)")
        #expect(result.output.contains("\(broken.id)  Braut.jpg  This JPEG file is damaged"), "\(result.output)")
        #expect(result.output.contains("2 of 3 photos done, 1 failed"), "\(result.output)")
        #expect(result.output.contains("renditions failed show \(broken.id)"), "\(result.output)")
        #expect(try await stage.run("failed", "show", broken.id).output.contains("status     failed"))
        #expect(!(result.output + result.errors).contains("\u{1B}"), "a pipe gets no control codes")
        await stage.target.close()
    }

    @Test func progressIsDrawnOnATerminal() async throws {
        let stage = try await BatchStage(.embedded)
        _ = try await stage.upload("broken.jpg")
        _ = try await stage.upload(count: 60)
        func drawn(_ settings: [String: String], columns: Int = 100) async throws -> String {
            let command =
                "stty rows 24 cols \(columns); exec '\(Renditions.path)' rerender --all --force --now --threads 1"
            return try await Command.run(
                "script", ["-qec", command, "/dev/null"],
                environment: stage.environment(
                    ["TERM": "xterm", "LC_ALL": "C.UTF-8", "NO_COLOR": ""].merging(settings) { $1 })
            ).output
        }
        let full = try await drawn([:])
        let lines = full.split(whereSeparator: { $0 == "\r" || $0 == "\n" || $0 == "\r\n" }).map(String.init)
        #expect(
            lines.contains { $0.contains("█") && $0.contains("of 61") && $0.contains("/s") && $0.contains("ETA 0:") })
        #expect(lines.contains { $0.contains("1 failed") && $0.contains("█") })
        #expect(full.contains("\u{1B}[32m"))
        let plain = try await drawn(["NO_COLOR": "1", "LC_ALL": "C"])
        #expect(!plain.contains("\u{1B}[3"))
        #expect(plain.contains("[==") && plain.contains("\u{1B}[K"))
        let narrow = try await drawn(["NO_COLOR": "1"], columns: 30)
        #expect(!narrow.contains("█"))
        #expect(
            narrow.split(whereSeparator: { $0 == "\r" || $0 == "\r\n" }).filter { $0.contains("rendered") }.allSatisfy {
                $0.replacing("\u{1B}[K", with: "").count < 30
            })
        #expect(try await !drawn(["TERM": "dumb"]).contains("\u{1B}"))
        await stage.target.close()
    }
}
