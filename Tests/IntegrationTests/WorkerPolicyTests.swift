import Foundation
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

/// The IAM policy for a worker: it allows what a worker asks for, and nothing that it doesn't.
@Suite("The IAM policy", .timeLimit(.minutes(10)))
struct WorkerPolicyTests {
    private typealias Action = AskedActions.Action

    /// What a policy allows, an action and a pattern of a resource each.
    private func allowed(_ policy: String) throws -> Set<Action> {
        let document = try JSONDecoder().decode(IAMPolicy.self, from: Data(policy.utf8))
        #expect(document.statements.allSatisfy { $0.effect == "Allow" })
        return Set(
            document.statements.flatMap { statement in
                statement.actions.map { Action(name: $0, resource: statement.resource) }
            })
    }

    private func covers(_ allowed: Action, _ asked: Action) -> Bool {
        allowed.name == asked.name
            && fnmatch(allowed.resource.replacing("[", with: "\\["), asked.resource, 0) == 0
    }

    private func policy(
        _ arguments: [String] = [], _ environment: [String: String] = [:]
    ) async throws -> String {
        // Whoever runs this test may have a region of their own.
        let settings = ["AWS_CONFIG_FILE": "/none", "AWS_SHARED_CREDENTIALS_FILE": "/none"].merging(environment) { $1 }
        let result = try await Renditions.run(["policy"] + arguments, settings)
        #expect(result.status == 0, "\(result.errors)")
        return result.output
    }

    @Test func theFileIsWhatTheCommandPrints() async throws {
        let file = FileManager.default.contents(atPath: "\(Corpus.root)/deploy/iam/worker.json") ?? Data()
        #expect(
            String(decoding: file, as: UTF8.self) == (try await policy()),
            "renditions policy > deploy/iam/worker.json, in a folder without settings")
    }

    @Test func itHasTheOperatorsOwnNames() async throws {
        let own = try await allowed(
            policy(
                ["worker", "setup", "--account", "123456789012"],
                [
                    "AWS_REGION": "cn-north-1", "DYNAMODB_TABLE_PHOTOS": "p", "DYNAMODB_TABLE_RENDITION_JOBS": "j",
                    "S3_RENDITIONS_BUCKET": "r", "RENDITIONS_FEED": "streams",
                ]))
        for (name, resource) in [
            ("dynamodb:GetItem", "dynamodb:cn-north-1:123456789012:table/p"),
            ("dynamodb:Query", "dynamodb:cn-north-1:123456789012:table/p/index/StatusIndex"),
            ("dynamodb:GetRecords", "dynamodb:cn-north-1:123456789012:table/p/stream/*"),
            ("dynamodb:CreateTable", "dynamodb:cn-north-1:123456789012:table/j"),
            ("s3:ListBucket", "s3:::r"), ("s3:PutObject", "s3:::r/renditions/*"),
            ("s3:GetObject", "s3:::galerly-photos-local/*"),
        ] {
            #expect(own.contains(Action(name: name, resource: "arn:aws-cn:\(resource)")), "\(name) in \(own)")
        }
        let wrong = try await Renditions.run(["policy", "--account", "me"])
        #expect(wrong.status == 64)
    }

    /// Why these are allowed although no request is made for them by name.
    private static let unasked: [String: String] = [
        "s3:ListBucket on arn:aws:s3:::photos-":
            "without it S3 says 403 instead of 404 of an original or a logo that isn't there, and nobody learns that it is missing"
    ]

    /// The worker has no more rights than the policy gives, by the emulator's own reading of it, and goes through all that a
    /// worker meets.
    @Test func aWorkerAsksForAllOfItAndForNothingElse() async throws {
        let stage = try await Stage()
        let platform = stage.platform
        let text = try await policy([], platform.environment.filter { $0.key != "AWS_REGION" })
        let proxy = try await stage.proxy()
        let actions = AskedActions(proxy)
        let user = try await platform.emulator.makeUser(policy: text).merging(["AWS_ENDPOINT_URL": proxy.endpoint]) {
            $1
        }
        let store = try await platform.open()
        let (cover, gone, taken) = (newID(), newID(), newID())

        // A photographer with a logo, and a gallery that shows a photo.
        try await platform.put(Corpus.samples.bytes("logo-alpha.png"), as: "watermarks/u.png")
        _ = try await platform.dynamo.put(
            [
                "email": .string("u@example.com"), "id": .string("u"), "watermark_enabled": .bool(true),
                "watermark_s3_key": .string("watermarks/u.png"),
            ], into: platform.tables.users)
        let urls = PublicURLs(endpoint: platform.emulator.endpoint, names: platform.buckets)
        let sideways = "orientation-6.jpg"
        let shown = urls.url(
            .renditions, key: ObjectKeys.rendition(galleryID: "g", originalKey: "g/\(cover)_\(sideways)", size: .small))
        _ = try await platform.dynamo.put(
            ["user_id": .string("u"), "id": .string("g"), "thumbnail_url": .string(shown)],
            into: platform.tables.galleries)
        // A photo whose worker fell silent, and one that was deleted and has left renditions behind.
        try await platform.upload(Corpus.samples.bytes("tiny.jpg"), as: "tiny.jpg", id: taken)
        _ = try await store.queue.enqueue(PhotoRef(id: taken, galleryID: "g"), lane: .fresh)
        let lease = try await store.queue.claim(upTo: 1, owner: "silent", lease: .seconds(1))
        #expect(lease.map(\.photo.id) == [taken])
        let remains = "renditions/g/\(gone)_x_small.jpg"
        _ = try await store.objects.put(
            ObjectUpload(
                key: remains, body: .bytes([1]), contentType: "image/jpeg", metadata: ["photo-id": gone]),
            in: .renditions, if: .absent)
        _ = try await store.queue.enqueue(PhotoRef(id: gone, galleryID: "g"), lane: .fresh)

        let settings = platform.environment.merging(user) { $1 }.merging([
            "RENDITIONS_PUBLIC_ENDPOINT": platform.emulator.endpoint, "RENDITIONS_RETRY_MS": "1",
            "RENDITIONS_GRACE_SECONDS": "0", "RENDITIONS_THREADS": "1",
        ]) { $1 }
        let page = try await WorkerPage(["worker"], settings)
        defer { page.process.signal(SIGKILL) }
        // Found by asking the index.
        try await platform.upload(Corpus.samples.bytes(sideways), as: sideways, id: cover)
        try await eventually("the cover is rendered\n\(page.process.errors)") { try await stage.isRendered(cover) }
        try await eventually("the gallery shows it anew") {
            let gallery = try await platform.dynamo.get(
                ["user_id": .string("u"), "id": .string("g")], from: platform.tables.galleries)
            return gallery?["thumbnail_url"]?.string?.hasPrefix("\(shown)?v=") == true
        }
        try await eventually("the silent worker's photo is rendered") { try await stage.isRendered(taken) }
        try await eventually("nothing is left of the deleted photo") {
            try await store.objects.head(.renditions, key: remains) == nil
        }
        let broken = try await stage.upload("broken.jpg")
        try await eventually("the broken photo is given up") { try await stage.showing(broken).state == "dead" }
        // The page shows it, and has it tried again.
        #expect(try await page.status().description.contains(broken))
        #expect(try await page.post("/photos/\(broken)/retry", "").status == "200")
        // A key that doesn't tell the photo's id.
        let strange = newID()
        try await platform.put(Corpus.samples.bytes("tiny.jpg"), as: "g/strange.jpg")
        try await platform.upload(
            Corpus.samples.bytes("tiny.jpg"), as: "tiny.jpg", id: strange,
            attributes: ["s3_key": .string("g/strange.jpg"), "status": .string("pending")])
        #expect(try await page.post("/hooks/s3", #"["g/strange.jpg"]"#).status == "200")
        try await eventually("the photo that a hook told of is rendered") {
            try await stage.showing(strange).state == "done"
        }
        // A photo without its original, and at last one that is handed back.
        let missing = newID()
        try await platform.upload(
            Corpus.samples.bytes("tiny.jpg"), as: "tiny.jpg", id: missing,
            attributes: ["s3_key": .string("g/nowhere.jpg")])
        try await eventually("the original is missed") { try await stage.showing(missing).state == "dead" }
        let last = try await stage.upload("DSC_0001.JPG")
        try await eventually("the last is in hand") { try await stage.showing(last).state == "leased" }
        let result = try await page.stop()
        #expect(result.status == 0)
        #expect(!result.errors.contains(/[Aa]ccess ?[Dd]enied|not authorized|is not allowed/), "\(result.errors)")

        try check(actions, text)
        await store.close()
    }

    @Test func aWorkerThatFollowsTheStreamAsksForAllOfThat() async throws {
        let stage = try await Stage(feed: .streams)
        let environment = stage.platform.environment.merging(["RENDITIONS_FEED": "streams"]) { $1 }
        let text = try await policy([], environment)
        let rest = try allowed(text).subtracting(try allowed(await policy([], stage.platform.environment)))
        #expect(rest.count == 4, "\(rest)")
        let proxy = try await stage.proxy()
        let actions = AskedActions(proxy)
        // The emulator takes a stream for any resource: it can't be asked what the policy allows of one.
        _ = try stage.worker([], through: proxy, ["RENDITIONS_FEED": "streams"])
        try await eventually("the stream is followed") { proxy.counts()["DynamoDBStreams.GetRecords"] ?? 0 > 0 }
        let id = try await stage.upload("tiny.jpg")
        try await eventually("the photo is rendered") { try await stage.isRendered(id) }
        for one in rest {
            #expect(actions.asked.contains { covers(one, $0) }, "nobody asks for \(one)")
        }
        for one in actions.asked {
            #expect(try allowed(text).contains { covers($0, one) }, "\(one) is asked for and not allowed")
        }
        #expect(actions.unknown == [])
    }

    /// Those who set things up have rights of their own, and the doctor finds what a worker has.
    @Test func whatElseIsPrintedSufficesToo() async throws {
        let platform = AWSPlatform.unmade(on: try await Emulator.shared())
        func user(_ purpose: String) async throws -> [String: String] {
            let text = try await policy([purpose], platform.environment)
            return try await platform.emulator.makeUser(policy: text)
        }
        let setup = try await Renditions.run(
            ["setup"], platform.environment.merging(try await user("platform")) { $1 })
        #expect(setup.status == 0, "\(setup.output)\(setup.errors)")
        let mail = ["FROM_EMAIL": "Galerly <galerly@\(platform.tables.jobs).example>"]
        try await platform.ses.verify("galerly@\(platform.tables.jobs).example")
        let text = try await policy(["doctor"], platform.environment.merging(mail) { $1 })
        let rights = try await platform.emulator.makeUser(policy: text).merging(mail) { $1 }
        let doctor = try await Diagnosis(platform, rights)
        #expect(doctor.about("mail")?.verdict == .good, "\(doctor)")
        #expect(doctor.wrongs.isEmpty, "\(doctor)")
        #expect(doctor.about("actions")?.verdict == .good, "\(doctor)")
        let file = "\(Corpus.samples.folder)/tiny.jpg"
        let imported = try await Renditions.run(
            ["import", "--gallery", "g", file], platform.environment.merging(try await user("import")) { $1 })
        #expect(imported.status == 0, "\(imported.errors)")
        let batch = try await Renditions.run(
            ["rerender", "--all", "--force", "--now"],
            platform.environment.merging(try await user("batch")) { $1 })
        #expect(batch.status == 0, "\(batch.output)\(batch.errors)")
        let verified = try await Renditions.run(
            ["verify", "--all"], platform.environment.merging(try await user("batch")) { $1 })
        #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
    }

    @Test func aWorkerThatSendsMailAsksForThatToo() async throws {
        let stage = try await Stage()
        let from = "galerly@\(stage.platform.tables.jobs).example"
        let mail = ["FROM_EMAIL": from, "RENDITIONS_MAIL_AFTER": "1"]
        let environment = stage.platform.environment.merging(mail) { $1 }
        let text = try await policy([], environment)
        let rest = try allowed(text).subtracting(try allowed(await policy([], stage.platform.environment)))
        #expect(rest.map(\.name) == ["ses:SendEmail"], "\(rest)")
        #expect(text.contains(#""ses:FromAddress" : "\#(from)""#), "\(text)")
        _ = try await Renditions.run(["setup"], environment)
        try await stage.platform.enrol()
        let proxy = try await stage.proxy()
        let actions = AskedActions(proxy)
        // The emulator asks of a mail whether everything may be sent from: it can't be asked what the policy allows of one identity.
        let settings = environment.merging([
            "AWS_ENDPOINT_URL": proxy.endpoint, "RENDITIONS_PUBLIC_ENDPOINT": stage.platform.emulator.endpoint,
        ]) { $1 }
        let worker = try Renditions.start(["worker"], settings)
        defer { worker.signal(SIGKILL) }
        _ = try await stage.upload("tiny.jpg")
        let outbox = Outbox(stage.platform.emulator)
        try await eventually("the mail is sent") {
            try await outbox.mails(to: stage.platform.photographersAddress).count == 1
        }
        #expect(actions.unknown == [])
        for one in actions.asked {
            #expect(try allowed(text).contains { covers($0, one) }, "\(one) is asked for and not allowed")
        }
        #expect(actions.asked.contains { $0.name == "ses:SendEmail" && $0.resource.hasSuffix("identity/\(from)") })
    }

    private func check(_ actions: AskedActions, _ policy: String) throws {
        #expect(actions.unknown == [], "it can't be told what these need")
        let allowed = try allowed(policy)
        for one in actions.asked {
            #expect(allowed.contains { covers($0, one) }, "\(one) is asked for and not allowed")
        }
        for one in allowed where !Self.unasked.keys.contains(where: { one.description.hasPrefix($0) }) {
            #expect(actions.asked.contains { covers(one, $0) }, "\(one) is allowed and nobody asks for it")
        }
    }

    private func newID() -> String { UUID().uuidString.lowercased() }
}
