import RenditionCore
import RenditionTestKit
import Testing

@Suite("The doctor", .timeLimit(.minutes(5)))
struct DoctorTests {
    private func findings(_ platform: AWSPlatform) async throws -> (status: Int32, verdicts: [String], text: String) {
        let told = try await Renditions.run(["doctor", "--json"], platform.environment)
        let verdicts = try Renditions.reports(told.output).compactMap { $0["verdict"] as? String }
        let text = try await Renditions.run(["doctor"], platform.environment).output
        return (told.status, verdicts, text)
    }

    private func open(_ bucket: String, _ action: String, _ resource: String, _ platform: AWSPlatform) async throws {
        let result = try await Command.run(
            "\(Corpus.root)/.build-emulators/venv/bin/python",
            ["\(Corpus.root)/Tests/IntegrationTests/bucket_policy.py", bucket, action, resource],
            environment: platform.environment)
        try #require(result.status == 0, "\(result.errors)")
    }

    @Test func itTellsWhatStrangersMayRead() async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        let nothing = try await findings(platform)
        #expect(nothing.verdicts == ["unknown", "unknown"], "\(nothing.text)")
        #expect(nothing.status == 0)

        _ = try await Renditions.run(["setup"], platform.environment)
        try await platform.upload(Corpus.samples.bytes("tiny.jpg"), as: "a.jpg")
        let worker = try await Renditions.run(["worker", "--drain"], platform.environment)
        #expect(worker.status == 0, "\(worker.errors)")
        let shut = try await findings(platform)
        #expect(shut.verdicts == ["good", "bad"], "\(shut.text)")
        #expect(shut.status == 1)
        #expect(shut.text.contains("Allow s3:GetObject on \(platform.buckets.renditions)/renditions/*"), "\(shut.text)")

        try await open(platform.buckets.renditions, "s3:GetObject", "/renditions/*", platform)
        let right = try await findings(platform)
        #expect(right.verdicts == ["good", "good"], "\(right.text)")
        #expect(right.status == 0)

        try await open(platform.buckets.photos, "s3:GetObject", "/*", platform)
        let readable = try await findings(platform)
        #expect(readable.verdicts == ["bad", "good"], "\(readable.text)")
        #expect(readable.text.contains("Block Public Access"), "\(readable.text)")
        #expect(readable.status == 1)

        try await open(platform.buckets.photos, "s3:ListBucket", "", platform)
        let listed = try await findings(platform)
        #expect(listed.verdicts == ["bad", "good"], "\(listed.text)")
        #expect(listed.text.contains("anybody may list them"), "\(listed.text)")
    }
}
