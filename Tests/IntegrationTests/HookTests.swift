import Foundation
import RenditionCore
import RenditionTestKit
import Testing

/// What an upload pipeline tells the worker.
@Suite("The upload hook", .timeLimit(.minutes(5)))
struct HookTests {
    private let folder = TestFolder()

    private func platform() async throws -> AWSPlatform {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        let setup = try await Renditions.run(["setup"], platform.environment)
        try #require(setup.status == 0, "\(setup.errors)")
        return platform
    }

    private func hook(
        _ event: String, _ platform: AWSPlatform, _ arguments: [String] = []
    ) async throws -> Command.Result {
        let file = try folder.write("event-\(UUID().uuidString).json", Array(event.utf8))
        let command = ([Renditions.path, "hook", "--json"] + arguments).joined(separator: " ")
        return try await Command.run("sh", ["-c", "exec \(command) < \(file)"], environment: platform.environment)
    }

    private func event(_ key: String, in bucket: String, _ name: String = "ObjectCreated:Put") -> String {
        """
        {"Records":[{"eventName":"\(name)","s3":{"bucket":{"name":"\(bucket)"},"object":{"key":"\(key)"}}}]}
        """
    }

    private func outcomes(_ result: Command.Result) throws -> [String] {
        try Renditions.reports(result.output).compactMap { $0["outcome"] as? String }
    }

    @Test func anEventQueuesThePhotoOnce() async throws {
        let platform = try await platform()
        let id = try await platform.upload(Corpus.samples.bytes("tiny.jpg"), as: "Été #1 + 100%.jpg")
        let key = try #require(try await platform.record(id)?.s3Key)
        let encoded = PublicURLs.encoded(key).replacing("%20", with: "+")
        let told = event(encoded, in: platform.buckets.photos)
        #expect(try outcomes(try await hook(told, platform)) == ["queued"])
        #expect(try outcomes(try await hook(told, platform)) == ["already_queued"])
        let worker = try await Renditions.run(
            ["worker", "--drain", "--json"], platform.environment.merging(["RENDITIONS_FEED": "none"]) { $1 })
        #expect(try Renditions.reports(worker.output).count == 1)
        #expect(try await platform.record(id)?.status == "active")

        // Told once more, when all is current: nothing is rendered.
        #expect(try outcomes(try await hook(told, platform)) == ["queued"])
        let again = try await Renditions.run(["worker", "--drain", "--json"], platform.environment)
        #expect(try Renditions.reports(again.output).map { $0["alreadyCurrent"] as? Bool } == [true])
    }

    @Test func anEventBeforeItsRecordWaits() async throws {
        let platform = try await platform()
        let id = UUID().uuidString.lowercased()
        let told = event("g/\(id)_late.jpg", in: platform.buckets.photos)
        async let answer = hook(told, platform, ["--wait", "60"])
        try await Task.sleep(for: .milliseconds(300))
        try await platform.upload(Corpus.samples.bytes("tiny.jpg"), as: "late.jpg", id: id)
        #expect(try outcomes(try await answer) == ["queued"])
    }

    @Test func whatIsNoUploadedOriginalIsLeftAlone() async throws {
        let platform = try await platform()
        let rendition = event("renditions/g/x_small.jpg", in: platform.buckets.photos)
        #expect(try outcomes(try await hook(rendition, platform)) == ["not_an_original"])
        let other = event("g/x.jpg", in: "another-bucket")
        #expect(try outcomes(try await hook(other, platform)).isEmpty)
        let removed = event("g/x.jpg", in: platform.buckets.photos, "ObjectRemoved:Delete")
        #expect(try outcomes(try await hook(removed, platform)).isEmpty)
        let nobody = try await hook(event("g/x.jpg", in: platform.buckets.photos), platform, ["--wait", "0"])
        #expect(nobody.status == 1)
        #expect(nobody.errors.contains("No record names g/x.jpg"), "\(nobody.errors)")
        let garbage = try await hook("not json", platform)
        #expect(garbage.status == 66)
        #expect(garbage.errors.contains("no S3 event"), "\(garbage.errors)")
    }

    /// Input that never ends, and messages within messages without end.
    @Test func anEventIsBounded() async throws {
        let store = "local:\(folder.path("store"))"
        _ = try await Renditions.importing(["\(Corpus.samples.folder)/tiny.jpg"], gallery: "g", store)
        let nested = String(repeating: #"{"Records":["#, count: 200_000)
        let deep = try folder.write("deep.json", Array(nested.utf8))
        for (input, reason) in [("/dev/zero", "longer than"), (deep, "not JSON of that form")] {
            let answer = try await Command.run(
                "sh", ["-c", "ulimit -v 4000000; exec \(Renditions.path) hook --store \(store) < \(input)"])
            #expect(answer.status == 66)
            #expect(answer.errors.contains(reason), "\(answer.errors)")
        }
    }

    @Test func anEmbeddedStoreListensToo() async throws {
        let store = "local:\(folder.path("store"))"
        let ids = try await Renditions.importing(["\(Corpus.samples.folder)/tiny.jpg"], gallery: "g", store)
        let id = try #require(ids.values.first)
        _ = try await Renditions.run(["worker", "--drain", "--store", store])
        let hook = try await Renditions.run(["hook", "g/\(id)_tiny.jpg", "--json", "--store", store])
        #expect(try outcomes(hook) == ["queued"], "\(hook.errors)")
        let unknown = try await Renditions.run(["hook", "g/none.jpg", "--wait", "0", "--store", store])
        #expect(unknown.status == 1)
    }
}
