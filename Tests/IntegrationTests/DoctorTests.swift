import Foundation
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

@Suite("The doctor", .timeLimit(.minutes(10)))
struct DoctorTests {
    private func open(_ bucket: String, _ action: String, _ resource: String, _ platform: AWSPlatform) async throws {
        let result = try await Command.run(
            "\(Corpus.root)/.build-emulators/venv/bin/python",
            ["\(Corpus.root)/Tests/IntegrationTests/bucket_policy.py", bucket, action, resource],
            environment: platform.environment)
        try #require(result.status == 0, "\(result.errors)")
    }

    /// A platform on which nothing is wrong, with a photo and its renditions.
    private func whole() async throws -> AWSPlatform {
        let platform = AWSPlatform.unmade(on: try await Emulator.shared())
        let setup = try await Renditions.run(["setup"], platform.environment)
        try #require(setup.status == 0, "\(setup.errors)")
        try await platform.upload(Corpus.samples.bytes("tiny.jpg"), as: "a.jpg")
        let worker = try await Renditions.run(["worker", "--drain"], platform.environment)
        try #require(worker.status == 0, "\(worker.errors)")
        return platform
    }

    @Test func itTellsWhatStrangersMayRead() async throws {
        let platform = AWSPlatform.unmade(on: try await Emulator.shared())
        let (originals, renditions) = (
            "originals, \(platform.buckets.photos)", "renditions, \(platform.buckets.renditions)"
        )
        // In production buckets are closed until somebody opens them.
        let setup = try await Renditions.run(
            ["setup"], platform.environment.merging(["CDN_DOMAIN": "c.example"]) { $1 })
        try #require(setup.status == 0, "\(setup.errors)")
        let nothing = try await Diagnosis(platform)
        #expect(nothing.troubles == [originals: .unknown, renditions: .unknown], "\(nothing)")

        try await platform.upload(Corpus.samples.bytes("tiny.jpg"), as: "a.jpg")
        let worker = try await Renditions.run(["worker", "--drain"], platform.environment)
        #expect(worker.status == 0, "\(worker.errors)")
        let shut = try await Diagnosis(platform)
        #expect(shut.troubles == [renditions: .bad], "\(shut)")
        #expect(
            shut.tellsOnly("browsers may not read", "Allow s3:GetObject on \(platform.buckets.renditions)/renditions/*")
        )

        try await open(platform.buckets.renditions, "s3:GetObject", "/renditions/*", platform)
        let right = try await Diagnosis(platform)
        #expect(right.troubles == [:], "\(right)")
        #expect(right.about(originals)?.verdict == .good)
        #expect(right.about(renditions)?.verdict == .good)

        try await open(platform.buckets.photos, "s3:GetObject", "/*", platform)
        let readable = try await Diagnosis(platform)
        #expect(readable.troubles == [originals: .bad], "\(readable)")
        #expect(readable.tellsOnly("anybody may read them", "Block Public Access"))

        try await open(platform.buckets.photos, "s3:ListBucket", "", platform)
        let listed = try await Diagnosis(platform)
        #expect(listed.tellsOnly("anybody may list them", "Block Public Access"), "\(listed)")

        // What setup finds open it shuts.
        _ = try await Renditions.run(["setup"], platform.environment)
        #expect(try await Diagnosis(platform).troubles == [:])
    }

    @Test func whereNothingIsWrongItSaysSoAndLeavesNothingBehind() async throws {
        let platform = try await whole()
        func state() async throws -> [String: Set<DynamoDB.Item>] {
            var state: [String: Set<DynamoDB.Item>] = [:]
            for bucket in Bucket.allCases {
                let keys = try await platform.s3.list(platform.buckets[bucket], prefix: "").keys
                state["bucket \(bucket)"] = Set(keys.map { [$0.key: .string($0.etag)] })
            }
            for table in [
                platform.tables.photos, platform.tables.galleries, platform.tables.users, platform.tables.jobs,
            ] {
                try await platform.dynamo.readAll(DynamoDB.Reading(table)) { page in
                    state[table, default: []].formUnion(page.items)
                    return true
                }
            }
            return state
        }
        let before = try await state()
        let first = try await Diagnosis(platform)
        #expect(first.troubles == [:], "\(first)")
        #expect(first.about("actions")?.text.hasPrefix("24 ") == true, "\(first)")
        // Nothing may be left behind however often.
        #expect(try await Diagnosis(platform).troubles == [:])
        #expect(try await state() == before)
    }

    @Test func eachDefectIsToldWithItsRemedyAndNoOther() async throws {
        let platform = try await whole()
        let bucket = try await Diagnosis(platform, ["S3_RENDITIONS_BUCKET": "not-there-\(platform.buckets.renditions)"])
        #expect(bucket.tellsOnly("isn't there", "`renditions setup` makes it"), "\(bucket)")
        let table = try await Diagnosis(platform, ["DYNAMODB_TABLE_RENDITION_JOBS": "not-there"])
        #expect(table.tellsOnly("table not-there isn't there", "`renditions setup` makes it"), "\(table)")

        let other = try await Diagnosis(platform, ["DYNAMODB_TABLE_USERS": platform.tables.photos])
        #expect(other.tellsOnly("its key is id and should be email", "DYNAMODB_TABLE_USERS"), "\(other)")
        _ = try await platform.dynamo.create(
            "bare-\(platform.tables.users)", keys: [.init("email", .hash)], attributes: [.init("email", "S")],
            indexes: [])
        let index = try await Diagnosis(platform, ["DYNAMODB_TABLE_USERS": "bare-\(platform.tables.users)"])
        #expect(index.tellsOnly("has no index UserIdIndex on id", "`renditions setup` adds it"), "\(index)")
        let stream = try await Diagnosis(platform, ["RENDITIONS_FEED": "streams"])
        #expect(stream.tellsOnly("its stream is off", "RENDITIONS_FEED=streams turns it on"), "\(stream)")

        let origin = try await Diagnosis(platform, ["FRONTEND_URL": "https://galleries.example"])
        #expect(origin.tellsOnly("pages of https://galleries.example may not GET, HEAD", "FRONTEND_URL"), "\(origin)")
        #expect(origin.about("CORS of \(platform.buckets.photos)")?.verdict == .warning, "\(origin)")
    }

    @Test func whatStandsBeforeAllElseIsToldOnceAndNotForEverythingBehindIt() async throws {
        let platform = try await whole()
        let secret = try await Diagnosis(platform, ["AWS_SECRET_ACCESS_KEY": "wrong-secret"])
        #expect(secret.tellsOnly("are refused: SignatureDoesNotMatch", "Check AWS_SECRET_ACCESS_KEY"), "\(secret)")
        #expect(secret.troubles.count == 2, "\(secret)")
        #expect(!"\(secret)".contains("wrong-secret"))
        let key = try await Diagnosis(platform, ["AWS_ACCESS_KEY_ID": "AKIANOBODY"])
        #expect(key.tellsOnly("key AKIANOBODY", "Check AWS_ACCESS_KEY_ID"), "\(key)")
        let none = try await Diagnosis(platform, ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""])
        #expect(none.tellsOnly("there are none that can be used", "Set AWS_ACCESS_KEY_ID"), "\(none)")
        let nowhere = try await Diagnosis(platform, ["AWS_ENDPOINT_URL": "http://127.0.0.1:9"])
        #expect(nowhere.tellsOnly("can't be reached: 127.0.0.1:9", "AWS_ENDPOINT_URL"), "\(nowhere)")
        #expect(nowhere.troubles.count == 2, "\(nowhere)")
        // One of the two services alone: the other's part is looked at all the same.
        let half = try await Diagnosis(platform, ["AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"])
        #expect(half.tellsOnly("S3 at http://127.0.0.1:9", "a firewall"), "\(half)")
        #expect(half.about("table \(platform.tables.photos)")?.verdict == .good, "\(half)")
        #expect(half.about("actions")?.verdict == .good, "\(half)")
    }

    @Test(arguments: [(600, "ahead of", Finding.Verdict.bad), (-600, "behind", .bad), (60, "ahead of", .warning)])
    func aClockThatIsOffIsTold(_ seconds: Int, _ side: String, _ verdict: Finding.Verdict) async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        let clock = try await WrongClock()
        let off = try await Diagnosis(platform, clock.by(seconds))
        let finding = try #require(off.about("clock"))
        #expect(finding.verdict == verdict, "\(off)")
        #expect(finding.text.contains(side) && finding.remedy?.contains("NTP") == true, "\(finding)")
        let told = finding.text.split(separator: " ").compactMap { Int($0) }.first ?? 0
        #expect(abs(told - abs(seconds)) <= 5, "\(finding)")
        // The rest is looked at by the store's time.
        #expect(off.about("credentials")?.verdict == .good, "\(off)")
    }

    @Test(arguments: [
        ("dynamodb:DescribeTable", "table/"), ("dynamodb:GetItem", "table/"), ("dynamodb:BatchGetItem", "table/jobs"),
        ("dynamodb:PutItem", "table/jobs"), ("dynamodb:UpdateItem", "table/"), ("dynamodb:Query", "/index/"),
        ("dynamodb:Scan", "/index/due"), ("s3:ListBucket", "-"), ("s3:GetObject", "/*"),
        ("s3:PutObject", "/renditions/*"), ("s3:DeleteObject", "/renditions/*"),
    ])
    func aMissingPermissionIsNamed(_ action: String, _ resource: String) async throws {
        let emulator = try await Emulator.shared()
        let platform = try await whole()
        let denied = try await Diagnosis(platform, try await emulator.makeUser(denied: [action]))
        #expect(denied.status == 1)
        let named = denied.wrongs.filter { $0.group == .permissions }
        #expect(!named.isEmpty)
        for finding in named {
            #expect(finding.subject.hasPrefix("\(action) on ") && finding.subject.contains(resource), "\(finding)")
            #expect(finding.remedy?.contains("Allow \(action) on ") == true, "\(finding)")
        }
        // Whatever else is wrong comes of it.
        for finding in denied.wrongs { #expect(finding.remedy?.contains(action) == true, "\(denied)") }
    }

    @Test func aTakenPortIsToldWithWhoHasIt() async throws {
        let folder = TestFolder()
        let store = ["RENDITIONS_STORE": "local:\(folder.path("store"))"]
        let free = try FreePort.choose(1)[0]
        let server = try Command("python3", ["-m", "http.server", "--bind", "127.0.0.1", "\(free)"])
        defer { server.signal(SIGKILL) }
        try await eventually("it listens") { !FreePort.isFree(free) }
        let other = try FreePort.choose(1)[0]
        let told = try await Diagnosis(
            store, ["--port", "\(free)", "--port", "\(other)", "--http", "192.0.2.1:\(other)"])
        #expect(told.status == 1)
        let taken = try #require(told.about("port \(free)"))
        #expect(taken.verdict == .bad && taken.text.contains("python3 (\(server.pid))"), "\(taken)")
        #expect(told.about("port \(other) of 127.0.0.1")?.verdict == .good, "\(told)")
        #expect(told.about("of 192.0.2.1")?.text == "it is no address of this machine", "\(told)")
        // A worker at its own address is no stranger there.
        let worker = try Renditions.start(["worker", "--http", "\(other)"], store)
        defer { worker.signal(SIGKILL) }
        try await eventually("it serves") { !FreePort.isFree(other) }
        let own = try await Diagnosis(store, ["--http", "\(other)"])
        #expect(own.about("port \(other)")?.verdict == .warning, "\(own)")
        #expect(own.about("port \(other)")?.text == "renditions (\(worker.pid)) serves there", "\(own)")
        #expect(try await Diagnosis(store, ["--port", "\(other)"]).about("port \(other)")?.verdict == .bad)
        // Another user's process can't be seen, and that is what is said.
        let stranger = try await asNobody(["--port", "\(free)"], store)
        #expect(stranger.output.contains("a process that is not visible to you"), "\(stranger)")
    }

    // MARK: The embedded store

    @Test func anEmbeddedStoreIsMadeAndLookedAt() async throws {
        let folder = TestFolder()
        let store = ["RENDITIONS_STORE": "local:\(folder.path("store"))"]
        let nothing = try await Diagnosis(store)
        #expect(nothing.about("embedded store")?.verdict == .unknown, "\(nothing)")
        #expect(folder.files() == [], "a look makes nothing")
        #expect(try await Renditions.run(["setup"], store).output.hasPrefix("Made the embedded store"))
        #expect(try await Renditions.run(["setup"], store).output.hasSuffix("is there.\n"))
        let sample = "\(Corpus.samples.folder)/tiny.jpg"
        #expect(try await Renditions.run(["import", "--gallery", "g", sample], store).status == 0)
        #expect(try await Renditions.run(["worker", "--drain"], store).status == 0)
        let right = try await Diagnosis(store)
        #expect(right.troubles == [:], "\(right)")
        #expect(right.about("database")?.text.hasPrefix("is whole") == true, "\(right)")

        try folder.write("store/tmp/dead/lock", [])
        let left = try await Diagnosis(store)
        #expect(left.about("unfinished files")?.verdict == .warning, "\(left)")
        #expect(left.about("unfinished files")?.text.hasPrefix("1 folder is left") == true, "\(left)")
    }

    @Test func aDamagedDatabaseIsTold() async throws {
        let folder = TestFolder()
        let store = ["RENDITIONS_STORE": "local:\(folder.path("store"))"]
        #expect(try await Renditions.run(["setup"], store).status == 0)
        try SQLiteShell.run("PRAGMA wal_checkpoint(TRUNCATE)", folder.path("store/store.sqlite"))
        // Everything but the first page, which holds the header.
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: folder.path("store/store.sqlite")))
        let size = try file.seekToEnd()
        try file.seek(toOffset: 4096)
        try file.write(contentsOf: Data(repeating: 0xA5, count: Int(size) - 4096))
        try file.close()
        let told = try await Diagnosis(store)
        #expect(told.tellsOnly("database", "restore store.sqlite from a backup"), "\(told)")
    }

    @Test func aFolderThatCannotBeWrittenIsTold() async throws {
        let folder = TestFolder()
        let store = ["RENDITIONS_STORE": "local:\(folder.path("store"))"]
        #expect(try await Renditions.run(["setup"], store).status == 0)
        let told = try await asNobody([], store)
        #expect(told.status == 1)
        #expect(told.output.contains("✗ folder, \(folder.path("store"))"), "\(told)")
        #expect(told.output.contains("it can't be written: Permission denied"), "\(told)")
    }

    /// Runs it as a user without rights.
    private func asNobody(_ arguments: [String], _ environment: [String: String]) async throws -> Command.Result {
        try await Command.run(
            "setpriv",
            ["--reuid=65534", "--regid=65534", "--clear-groups", Renditions.path, "doctor"] + arguments,
            environment: environment)
    }

    @Test func theListIsReadableToPeople() async throws {
        let folder = TestFolder()
        let told = try await Renditions.run(
            ["doctor"], ["RENDITIONS_STORE": "local:\(folder.path("store"))", "TMPDIR": folder.path("none")])
        #expect(told.status == 1)
        #expect(told.output.hasPrefix("Storage\n  ? embedded store in "), "\(told.output)")
        #expect(told.output.contains("This machine\n  ✓ codecs: JPEG (libjpeg-turbo "), "\(told.output)")
        #expect(told.output.contains("\n  ✗ temporary files, "), "\(told.output)")
        #expect(told.output.contains("there is no such folder\n    → "), "\(told.output)")
    }
}
