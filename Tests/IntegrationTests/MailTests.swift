import Foundation
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

/// What a photographer finds in the mailbox, of workers that run for real.
@Suite("Mails to photographers", .serialized, .timeLimit(.minutes(10)))
struct MailTests {
    private let stage: Stage
    private let from: String

    init() async throws {
        stage = try await Stage()
        from = "galerly@\(stage.platform.tables.jobs).example"
        try await stage.platform.enrol(named: "Anna & Ben")
    }

    /// - Parameter silence: Seconds after which a session is over.
    private func settings(silence: Int = 2, _ more: [String: String] = [:]) -> [String: String] {
        ["FROM_EMAIL": from, "RENDITIONS_MAIL_AFTER": "\(silence)", "RENDITIONS_LEASE_SECONDS": "5"]
            .merging(more) { $1 }
    }

    /// Sets the platform up as `renditions setup` does: SES takes mails from its address, and strangers see renditions.
    private func setUp() async throws -> Command.Result {
        let setup = try await Renditions.run(["setup"], stage.platform.environment.merging(settings()) { $1 })
        try #require(setup.status == 0, "\(setup.errors)")
        return setup
    }

    private func mails() async throws -> [Outbox.Mail] {
        try await Outbox(stage.platform.emulator).mails(to: stage.platform.photographersAddress)
    }

    /// Waits until all photos are settled and no mail is due any more.
    private func settled(_ ids: [String]) async throws -> [Outbox.Mail] {
        let (platform, jobs) = (stage.platform, stage.platform.tables.jobs)
        try await eventually("all photos are settled and told") {
            for id in ids {
                let job = try await platform.dynamo.get(["id": .string(id)], from: jobs)
                guard ["done", "dead"].contains(job?["state"]?.string ?? "") else { return false }
            }
            let row = try await platform.dynamo.get(["id": .string("~mail/g")], from: jobs)
            return row != nil && row?["q"] == nil
        }
        return try await mails()
    }

    /// What somebody without a key gets.
    private func fetch(_ url: String) async throws -> String {
        let result = try await Command.run(
            "curl",
            [
                "--silent", "--max-time", "20", "--output", "/dev/null", "--write-out", "%{http_code} %{content_type}",
                url,
            ])
        return result.output
    }

    @Test func tellEachSessionOnceWithItsPhotosAndReasons() async throws {
        let look = try await Renditions.run(
            ["setup", "--dry-run"], stage.platform.environment.merging(settings()) { $1 })
        #expect(look.output.contains("would have SES verify \(from)"), "\(look.output)")
        #expect(try await setUp().output.contains("SES takes mails from \(from) now"))
        var ids: [String] = []
        for sample in ["orientation-1.jpg", "tiny.jpg", "not-a-photo.jpg", "orientation-6.jpg"] {
            ids.append(try await stage.upload(sample))
        }
        // All are there before the first is settled, so that they make one session.
        let worker = try stage.worker([], settings())
        let first = try await settled(ids)
        try #require(first.count == 1, "\(first)")
        let mail = first[0]
        #expect(mail.source == from)
        #expect(mail.subject == "“Anna & Ben”: 3 photos are ready, 1 could not be prepared")
        let record = try #require(try await stage.platform.record(ids[2]))
        let reason = try #require(record.attributes["rendition_error"]?.map?["message"]?.string)
        #expect(mail.text.contains("- not-a-photo.jpg: \(reason)"), "\(mail.text)")
        #expect(mail.html.contains("<strong>not-a-photo.jpg</strong>: "), "\(mail.html)")
        #expect(mail.text.contains("http://localhost:5173"))
        #expect(mail.pictures.count == 3)
        for url in mail.pictures { #expect(try await fetch(url) == "200 image/jpeg", "\(url)") }

        let later = [try await stage.upload("tiny.jpg")]
        let second = try await settled(later)
        #expect(second.map(\.subject).dropFirst() == ["“Anna & Ben”: 1 photo is ready"])

        // Photos that are shown already are nobody's news.
        let again = try await Renditions.run(
            ["rerender", "--gallery", "g", "--status", "active", "--force", "--now"],
            stage.platform.environment.merging(settings(silence: 2, ["RENDITIONS_RUNS": NSTemporaryDirectory()])) { $1 }
        )
        #expect(again.status == 0, "\(again.errors)")
        #expect(try await settled(ids + later).count == 2)
        worker.signal(SIGTERM)
        let end = try await worker.wait()
        #expect(end.status == 0)
        #expect(end.errors.contains("Told the photographer: 3 photos are ready, 1 failed."), "\(end.errors)")
    }

    /// The worker that dies comes to the step with the last photo, or with the mail about it.
    @Test(arguments: [
        (KillPoint.published, "tiny.jpg", 1), (.mark, "tiny.jpg", 1), (.commit, "tiny.jpg", 1),
        (.finish, "tiny.jpg", 1),
        (.mark, "not-a-photo.jpg", 1), (.failure, "not-a-photo.jpg", 1), (.burial, "not-a-photo.jpg", 1),
        (.mailTaken, "tiny.jpg", 1), (.mailTold, "tiny.jpg", 1),
        // Between SES's acceptance and the table's: rather twice than never.
        (.mailSent, "tiny.jpg", 2),
    ])
    func areSentOnceThoughAWorkerDies(_ point: KillPoint, _ sample: String, _ count: Int) async throws {
        try await stage.platform.ses.verify(from)
        let ids = [try await stage.upload(sample)]
        let victim = try stage.worker([], settings(silence: 1, ["CHAOS_KILL_AT": point.rawValue]))
        try await eventually("it dies") { !victim.isRunning }
        #expect(try await victim.wait().status == -SIGKILL)
        let heir = try stage.worker([], settings(silence: 1))
        try await eventually("another works") { heir.errors.contains("keeps house now") }
        let mails = try await settled(ids)
        let ending = sample == "tiny.jpg" ? "1 photo is ready" : "1 photo could not be prepared"
        #expect(mails.map(\.subject) == Array(repeating: "“Anna & Ben”: \(ending)", count: count))
        heir.signal(SIGTERM)
        #expect(try await heir.wait().status == 0)
    }

    @Test func areNoneWithoutAnAddressToComeFrom() async throws {
        let proxy = try await stage.proxy()
        let id = try await stage.upload("tiny.jpg")
        let worker = try await stage.worker(["--drain"], through: proxy, ["RENDITIONS_MAIL_AFTER": "1"]).wait()
        #expect(worker.status == 0, "\(worker.errors)")
        #expect(try await stage.isRendered(id))
        #expect(!proxy.counts().keys.contains { $0.hasPrefix("SES") })
        #expect(
            try await stage.platform.dynamo.get(["id": .string("~mail/g")], from: stage.platform.tables.jobs) == nil)
        await proxy.stop()
    }

    @Test func aMailThatCannotBeSentHarmsNoPhoto() async throws {
        let id = try await stage.upload("tiny.jpg")
        let page = "127.0.0.1:\(try FreePort.choose(1)[0])"
        let worker = try stage.worker(["--http", page], settings(silence: 1))
        try await eventually("the refusal is told") { worker.errors.contains("A mail could not be sent.") }
        #expect(worker.errors.contains("Verify \(from) or its domain in SES in us-east-1."), "\(worker.errors)")
        try await eventually("it is counted") {
            let metrics = try await Command.run("curl", ["--silent", "http://\(page)/metrics"]).output
            return metrics.contains(#"renditions_mails_total{outcome="refused"} 1.0"#)
        }
        #expect(try await stage.showing(id).flaws == [])
        #expect(try await stage.showing(id).history == ["queued", "claimed", "done"])
        worker.signal(SIGTERM)
        #expect(try await worker.wait().status == 0)
    }

    @Test func anEmbeddedStoreSaysThatItSendsNone() async throws {
        let folder = TestFolder()
        let worker = try await Renditions.run(
            ["worker", "--drain", "--store", "local:\(folder.path("store"))"], ["FROM_EMAIL": from])
        #expect(worker.status == 0)
        #expect(
            worker.errors.components(separatedBy: "an embedded store sends no mails").count == 2, "\(worker.errors)")
    }

    @Test(arguments: ["Galerly", "a@b.example, c@d.example"])
    func aWrongAddressStopsTheStart(_ text: String) async throws {
        let worker = try await Renditions.run(["worker"], ["FROM_EMAIL": text])
        #expect(worker.status == 78)
        #expect(worker.errors.contains("FROM_EMAIL is \"\(text)\"") && worker.errors.contains("an e-mail address"))
    }

    @Test func theDoctorTellsWhetherTheyCanBeSent() async throws {
        let off = try await Diagnosis(stage.platform)
        #expect(off.about("mail")?.verdict == .good && off.about("mail")?.text.contains("isn't set") == true, "\(off)")
        let refused = try await Diagnosis(stage.platform, settings())
        #expect(refused.about("mail")?.verdict == .bad, "\(refused)")
        #expect(refused.about("mail")?.remedy?.contains("`renditions setup`") == true, "\(refused)")
        try await stage.platform.ses.verify(from)
        #expect(try await Diagnosis(stage.platform, settings()).about("mail")?.verdict == .good)
        let unknown = try await Diagnosis(
            stage.platform,
            settings().merging(
                try await stage.platform.emulator.makeUser(denied: ["ses:GetIdentityVerificationAttributes"])
            ) { $1 })
        #expect(unknown.about("mail")?.verdict == .unknown, "\(unknown)")
    }
}
