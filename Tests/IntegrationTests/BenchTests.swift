import Foundation
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

@testable import renditions

/// `renditions bench` as its users run it.
@Suite("The benchmark command", .timeLimit(.minutes(5)))
struct BenchTests {
    private let folder = TestFolder()

    private func sample(_ name: String) -> String { "\(Corpus.samples.folder)/\(name)" }

    private func bench(
        _ arguments: [String], _ environment: [String: String] = [:]
    ) async throws -> (result: BenchResult, command: Command.Result) {
        let command = try await Renditions.run(["bench", "--json"] + arguments, environment)
        let result = try JSONDecoder().decode(BenchResult.self, from: Data(command.output.utf8))
        return (result, command)
    }

    @Test func itMeasuresPhotosFromTheFirstClaimToTheEnd() async throws {
        let (result, command) = try await bench(
            [sample("tiny.jpg"), sample("orientation-6.jpg"), "--photos", "5", "--rounds", "2", "--threads", "2"],
            ["TMPDIR": folder.path])
        #expect(command.status == 0, "\(command.errors)")
        let measured = try #require(result.endToEnd)
        #expect(measured.photos == 10)
        #expect(measured.renditions == 40)
        #expect(measured.rounds.count == 2)
        #expect(measured.bytesInPerPhoto > 0 && measured.bytesOutPerPhoto > 0)
        #expect(measured.cpuSecondsPerPhoto > 0)
        #expect((measured.peakMemory ?? 0) > 1 << 20)
        #expect(measured.requestsPerPhoto == nil)
        let stages = Set(measured.stages.map(\.name))
        #expect(stages.isSuperset(of: ["claim", "fetch", "probe", "publish", "commit", "finish", "encode large"]))
        #expect(measured.stages.allSatisfy { $0.p50 <= $0.p90 && $0.p90 <= $0.p99 })
        #expect(abs(measured.stages.reduce(0) { $0 + $1.share } - 1) < 1e-6)
        #expect(result.surroundings.corpus.files == 2)
        #expect(folder.files().isEmpty, "the store of its own is gone")
    }

    @Test func besideItselfNothingDiffers() async throws {
        let arguments = [sample("tiny.jpg"), "--render-only", "--threads", "1"]
        let first = try await bench(arguments)
        let kept = try folder.write("before.json", Array(first.command.output.utf8))
        let second = try await bench(arguments + ["--compare", kept, "--chart", folder.path("stages.svg")])
        let comparison = try #require(second.result.comparison)
        #expect(comparison.differences.isEmpty)
        #expect(comparison.stages.map(\.name) == first.result.rendering?.stages.map(\.name))
        #expect(folder.files().contains("stages.svg"))

        let other = try await Renditions.run(["bench", "--render-only", sample("grey.jpg"), "--compare", kept])
        #expect(other.output.contains("the corpus is another one"), "\(other.output)")
    }

    @Test func overheadAndScalingAreRatiosOfOneRun() async throws {
        let (result, _) = try await bench([sample("tiny.jpg"), "--overhead", "--rounds", "2"])
        let overhead = try #require(result.overhead)
        #expect(overhead.rounds.count == 2)
        let first = try #require(result.endToEnd?.rounds[0].cpuSecondsPerPhoto)
        let alone = try #require(result.rendering?.rounds[0].cpuSecondsPerPhoto)
        #expect(overhead.rounds[0] == first / alone)
        let scaling = try #require(
            try await bench([sample("tiny.jpg"), "--scaling", "--threads", "2", "--rounds", "1"]).result.scaling)
        #expect(scaling.map(\.threads) == [1, 2])
        #expect(scaling[0].ratio == 1)
        #expect(scaling[1].photosPerMinute > 0)
    }

    @Test func aStoreIsLeftAsItWas() async throws {
        let store = "local:\(folder.path("store"))"
        let ids = try await Renditions.importing([sample("tiny.jpg")], store)
        let busy = try await Renditions.run(["bench", sample("grey.jpg"), "--store", store])
        #expect(busy.status == 1)
        #expect(busy.errors.contains("owes 1 photos"), "\(busy.errors)")
        _ = try await Renditions.run(["worker", "--drain", "--store", store])
        let before = folder.files(below: "store/objects")
        #expect(try await bench([sample("grey.jpg"), "--store", store]).command.status == 0)
        #expect(folder.files(below: "store/objects") == before)
        #expect(try await Renditions.show(ids["tiny.jpg"] ?? "", store).status == "active")
    }

    @Test func photosThatFailAreSaidAndTidiedAway() async throws {
        let store = "local:\(folder.path("store"))"
        let (result, command) = try await bench([sample("broken.jpg"), sample("tiny.jpg"), "--store", store])
        #expect(command.status == 1)
        #expect(result.endToEnd?.failed == 1)
        #expect(folder.files(below: "store/objects").isEmpty)
    }

    @Test func anInterruptedOneTidiesUp() async throws {
        let command = try Renditions.start(
            ["bench", sample("DSC_0001.JPG"), "--photos", "20"], ["TMPDIR": folder.path])
        while !folder.files().contains(where: { $0.hasSuffix("_large.jpg") }), command.isRunning {
            try await Task.sleep(for: .milliseconds(20))
        }
        command.signal(SIGINT)
        let result = try await command.wait()
        #expect(result.status == 1)
        #expect(result.errors.contains("interrupted"), "\(result.errors)")
        #expect(folder.files().isEmpty)
    }

    @Test func onThePlatformEveryRequestIsCountedAndEveryTraceRemoved() async throws {
        let stage = try await Stage()
        let platform = stage.platform
        let (result, command) = try await bench(
            [sample("tiny.jpg"), sample("grey.jpg"), "--photos", "3", "--store", "aws", "--in-flight", "2"],
            platform.environment)
        #expect(command.status == 0, "\(command.errors)")
        let measured = try #require(result.endToEnd)
        let requests = try #require(measured.requestsPerPhoto)
        func count(_ call: String) -> Double { (requests[call].map { $0.requests - $0.retries } ?? 0) * 3 }
        #expect(count("S3 PutObject").rounded() == Double(measured.renditions))
        #expect(measured.renditions == 12)
        #expect(count("S3 GetObject").rounded() == 3)
        #expect((requests["DynamoDB UpdateItem"]?.units ?? 0) > 0)
        for bucket in [platform.buckets.photos, platform.buckets.renditions] {
            #expect(try await platform.s3.list(bucket, prefix: "").keys.isEmpty)
        }
        for table in [platform.tables.photos, platform.tables.jobs] {
            let left = try await platform.dynamo.read(DynamoDB.Reading(table)).items.compactMap { $0["id"]?.string }
            #expect(left.allSatisfy { $0.hasPrefix("~") }, "\(left): only the housekeeper's own rows stay")
        }
    }

    @Test(arguments: [
        (["--photos", "0"], 64, "--photos takes"), (["--render-only", "--overhead"], 64, "choose one"),
        (["--render-only", "--store", "aws"], 64, "for the worker"), (["--chart", "a.jpg"], 64, ".svg or .png"),
        (["--scaling", "--chart", "a.svg"], 64, "no stages"), (["--compare", "/none"], 66, "can't be read"),
    ])
    func mistakesAreNamed(_ arguments: [String], _ status: Int32, _ text: String) async throws {
        let result = try await Renditions.run(["bench", sample("tiny.jpg")] + arguments)
        #expect(result.status == status)
        #expect(result.errors.contains(text), "\(result.errors)")
    }
}
