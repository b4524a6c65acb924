import Foundation
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

/// `renditions setup` on the platform's own store.
@Suite("Setting everything up", .timeLimit(.minutes(10)))
struct SetupCommandTests {
    private static let page = "http://localhost:5173"

    private func setup(
        _ platform: AWSPlatform, _ arguments: [String] = [], _ settings: [String: String] = [:]
    ) async throws -> Command.Result {
        try await Renditions.run(["setup"] + arguments, platform.environment.merging(settings) { $1 })
    }

    /// What a browser on a page of an origin is told of an object, or of the bucket's readiness for a method.
    private func share(_ platform: AWSPlatform, _ url: String, origin: String, preflight: String? = nil) async throws
        -> String?
    {
        var arguments = ["-s", "-D", "-", "-o", "/dev/null", "-H", "Origin: \(origin)"]
        if let preflight { arguments += ["-X", "OPTIONS", "-H", "Access-Control-Request-Method: \(preflight)"] }
        let answer = try await Command.run("curl", arguments + [url])
        return answer.output.split(whereSeparator: \.isNewline).map(String.init).first {
            $0.lowercased().hasPrefix("access-control-allow-origin:")
        }.map { $0.dropFirst("access-control-allow-origin:".count).trimmingCharacters(in: .whitespaces) }
    }

    private func status(_ url: String) async throws -> String {
        try await Command.run("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", url]).output
    }

    /// All that setup makes, as the services tell it.
    private func state(_ platform: AWSPlatform) async throws -> [String] {
        var state: [String] = []
        for bucket in [platform.buckets.photos, platform.buckets.renditions] {
            state.append("\(bucket) \(try await platform.s3.state(of: bucket))")
            guard case .there = try await platform.s3.state(of: bucket) else { continue }
            state.append("\(try await platform.s3.corsRules(of: bucket))")
            state.append(String(decoding: try await platform.s3.policy(of: bucket) ?? [], as: UTF8.self))
            state.append("\(String(describing: try await platform.s3.publicAccessBlock(of: bucket)))")
        }
        for table in [platform.tables.photos, platform.tables.galleries, platform.tables.users, platform.tables.jobs] {
            let description = try await platform.dynamo.describe(table)
            let indexes = (description?.globalSecondaryIndexes ?? []).map { "\($0.indexName) \($0.keySchema)" }
            state.append("\(table) \(description?.keySchema ?? []) \(indexes.sorted())")
        }
        return state
    }

    @Test func fromNothingToAPhotoThatBrowsersShow() async throws {
        let platform = AWSPlatform.unmade(on: try await Emulator.shared())
        let nothing = try await state(platform)
        let dry = try await setup(platform, ["--dry-run"])
        #expect(dry.status == 0, "\(dry)")
        #expect(dry.output.contains("would make the bucket \(platform.buckets.photos)"))
        #expect(dry.output.contains("would make the table \(platform.tables.users)"))
        #expect(try await state(platform) == nothing, "a dry run does nothing")

        let first = try await setup(platform)
        #expect(first.status == 0, "\(first)")
        let made = try await state(platform)
        let again = try await setup(platform)
        #expect(again.status == 0, "\(again)")
        for word in ["made", "lets", "adding", "keeps", "turned"] {
            let lines = again.output.split(separator: "\n").filter { $0.hasPrefix("  \(word) ") }
            #expect(lines.isEmpty, "\(lines)")
        }
        #expect(try await state(platform) == made)

        let file = "\(Corpus.samples.folder)/tiny.jpg"
        #expect(try await Renditions.run(["import", "--gallery", "g", file], platform.environment).status == 0)
        #expect(try await Renditions.run(["worker", "--drain"], platform.environment).status == 0)
        let right = try await Diagnosis(platform)
        #expect(right.troubles == [:], "\(right)")

        let objects = platform.emulator.endpoint + "/" + platform.buckets.renditions
        let key = try #require(try await platform.s3.list(platform.buckets.renditions, prefix: "").keys.first?.key)
        #expect(try await share(platform, "\(objects)/\(key)", origin: Self.page) == Self.page)
        #expect(try await share(platform, "\(objects)/\(key)", origin: Self.page, preflight: "GET") == Self.page)
        #expect(try await share(platform, "\(objects)/\(key)", origin: "http://evil.example", preflight: "GET") == nil)
        #expect(try await share(platform, "\(objects)/\(key)", origin: Self.page, preflight: "DELETE") == nil)
        let originals = platform.emulator.endpoint + "/" + platform.buckets.photos
        #expect(try await share(platform, "\(originals)/x", origin: Self.page, preflight: "PUT") == Self.page)
        #expect(try await status("\(objects)/\(key)") == "200")
        #expect(try await status(objects) == "403")
    }

    @Test func whatOthersSetUpIsAddedTo() async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        let bucket = platform.buckets.renditions
        let theirs = S3.CORSRule(
            id: "partner & co", origins: ["https://*.partner.example"], methods: ["GET"], headers: ["x-a"],
            exposed: [], maxAge: "7")
        try await platform.s3.setCORSRules([theirs], of: bucket)
        let policy = """
            {"Version":"2012-10-17","Id":"theirs","Statement":{"Sid":"PublicRenditions","Effect":"Deny","Principal":"*",\
            "Action":"s3:DeleteBucket","Resource":"arn:aws:s3:::\(bucket)"}}
            """
        try await platform.s3.setPolicy(Array(policy.utf8), of: bucket)
        let result = try await setup(platform)
        #expect(result.status == 0, "\(result)")
        #expect(result.output.contains("GET, HEAD in \(bucket); 1 other rule stays"), "\(result.output)")
        #expect(result.output.contains("\(bucket)/renditions/*; the rest of its policy stays"), "\(result.output)")

        let rules = try await platform.s3.corsRules(of: bucket)
        #expect(rules.first == theirs && rules.count == 2, "\(rules)")
        let document =
            try JSONSerialization.jsonObject(with: Data(try await platform.s3.policy(of: bucket) ?? []))
            as? [String: Any]
        #expect(document?["Id"] as? String == "theirs")
        let statements = document?["Statement"] as? [[String: Any]] ?? []
        #expect(statements.compactMap { $0["Sid"] as? String } == ["PublicRenditions", "PublicRenditions2"])
        #expect(statements.first?["Effect"] as? String == "Deny")
        // The partner's own page is shown what it was before.
        let url = "\(platform.emulator.endpoint)/\(bucket)/renditions/x"
        #expect(
            try await share(platform, url, origin: "https://a.partner.example", preflight: "GET")
                == "https://a.partner.example")
        #expect(try await setup(platform).output.contains("pages of \(Self.page) may GET, HEAD in \(bucket)"))
        #expect(try await platform.s3.corsRules(of: bucket) == rules)
    }

    @Test func inProductionThePlatformsOwnIsLeftToIt() async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        let production = ["ENVIRONMENT": "production"]
        let before = try await state(platform)
        let result = try await setup(platform, [], production)
        #expect(result.status == 0, "\(result)")
        #expect(result.output.contains("left to the platform: tables \(platform.tables.photos)"), "\(result.output)")
        let after = try await state(platform)
        #expect(
            after.dropLast().filter { !$0.hasPrefix("\(platform.tables.photos) ") }
                == before.dropLast().filter { !$0.hasPrefix("\(platform.tables.photos) ") }, "only its own was made")
        #expect(after.last?.contains("due") == true)

        // Said explicitly, it is made, but for pages whose address nobody said.
        let whole = try await setup(platform, ["--platform"], production)
        #expect(whole.status == 0, "\(whole)")
        #expect(whole.output.contains("FRONTEND_URL is not set"), "\(whole.output)")
        #expect(try await platform.s3.corsRules(of: platform.buckets.renditions) == [])
        #expect(try await platform.s3.publicAccessBlock(of: platform.buckets.photos) == .all)
        let pages = try await setup(
            platform, ["--platform"], production.merging(["FRONTEND_URL": "https://Galerly.example:443/app/"]) { $1 })
        #expect(pages.status == 0, "\(pages)")
        #expect(
            try await platform.s3.corsRules(of: platform.buckets.renditions).map(\.origins)
                == [["https://galerly.example"]])
    }

    @Test func aCDNsBucketStaysShut() async throws {
        let platform = AWSPlatform.unmade(on: try await Emulator.shared())
        let result = try await setup(platform, [], ["CDN_DOMAIN": "cdn.example"])
        #expect(result.status == 0, "\(result)")
        #expect(result.output.contains("CDN_DOMAIN stands before it"))
        #expect(try await platform.s3.policy(of: platform.buckets.renditions) == nil)
    }

    @Test func afterAnInterruptionItGoesOnWhereItWas() async throws {
        let emulator = try await Emulator.shared()
        let platform = AWSPlatform.unmade(on: emulator)
        // Whoever may not make tables is stopped halfway, and told what is missing.
        let user = try await emulator.makeUser(denied: ["dynamodb:CreateTable"])
        let stopped = try await setup(platform, [], user)
        #expect(stopped.status == 74, "\(stopped)")
        #expect(stopped.errors.contains("dynamodb:CreateTable on \(platform.tables.photos)"), "\(stopped.errors)")
        #expect(stopped.output.contains("made the bucket \(platform.buckets.renditions)"))
        #expect(try await platform.dynamo.describe(platform.tables.photos) == nil)

        let rest = try await setup(platform)
        #expect(rest.status == 0, "\(rest)")
        #expect(rest.output.contains("the bucket \(platform.buckets.renditions) is there"))
        #expect(rest.output.contains("made the table \(platform.tables.photos)"))
        #expect(try await Diagnosis(platform).wrongs == [])
    }

    @Test(arguments: ["s3:CreateBucket", "s3:PutBucketPolicy", "s3:PutBucketCORS", "dynamodb:UpdateTable"])
    func whatMayNotBeDoneIsNamed(_ action: String) async throws {
        let emulator = try await Emulator.shared()
        let platform = AWSPlatform.unmade(on: emulator)
        let result = try await setup(platform, [], try await emulator.makeUser(denied: [action]))
        #expect(result.status == 74)
        #expect(result.errors.contains("Allow it in IAM: \(action) on "), "\(result.errors)")
    }

    @Test func aTableWithoutAnIndexGetsIt() async throws {
        let platform = AWSPlatform.unmade(on: try await Emulator.shared())
        _ = try await platform.dynamo.create(
            platform.tables.photos, keys: [.init("id", .hash)], attributes: [.init("id", "S")], indexes: [])
        #expect(try await setup(platform).status == 0)
        #expect(try await Diagnosis(platform).wrongs == [])
        let other = try await setup(platform, [], ["DYNAMODB_TABLE_USERS": platform.tables.galleries])
        #expect(other.status == 74)
        #expect(other.errors.contains("Name the right one with DYNAMODB_TABLE_USERS"), "\(other.errors)")
    }

    @Test func severalAtOnceComeToTheSame() async throws {
        let platform = AWSPlatform.unmade(on: try await Emulator.shared())
        let results = try await withThrowingTaskGroup(of: Command.Result.self) { group in
            for _ in 0..<4 { group.addTask { try await setup(platform) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for result in results { #expect(result.status == 0, "\(result)") }
        #expect(try await Diagnosis(platform).wrongs == [])
        for bucket in [platform.buckets.photos, platform.buckets.renditions] {
            let rules = try await platform.s3.corsRules(of: bucket)
            #expect(Set(rules).count == 1, "\(rules)")
        }
    }

    @Test(arguments: [("eu-west-1", "eu-west-1"), ("us-east-1", "us-east-1")])
    func bucketsAreMadeInTheRegion(_ region: String, _ location: String) async throws {
        let platform = AWSPlatform.unmade(on: try await Emulator.shared())
        let result = try await setup(platform, [], ["AWS_REGION": region])
        #expect(result.status == 0, "\(result)")
        let told = try await Diagnosis(platform, ["AWS_REGION": region])
        #expect(told.about("bucket \(platform.buckets.photos)")?.text == "is there, in \(location)", "\(told)")
        guard region != "us-east-1" else { return }
        // Requests for another region than the bucket's.
        let wrong = try await Diagnosis(platform)
        let finding = try #require(wrong.about("bucket \(platform.buckets.photos)"))
        #expect(finding.verdict == .bad && finding.text.contains("requests go to us-east-1"), "\(finding)")
        #expect(try await setup(platform).errors.contains("Check AWS_REGION"))
    }
}
