import Crypto
import Foundation
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

/// MiniStack knows only checksums of checksums of what was uploaded in parts and refuses the whole object's as a
/// BadDigest, so that uploads are completed on SeaweedFS here.
@Suite("Large files are uploaded in parts", .timeLimit(.minutes(2)))
struct MultipartTests {
    /// As small as S3 takes them.
    private static let part = 5 << 20
    private let folder = TestFolder()

    private func objects(_ s3: S3, _ names: BucketNames) -> S3Objects {
        S3Objects(s3: s3, names: names, multipartSize: Self.part + 1, partSize: Self.part)
    }

    private func objects(_ services: ProxiedServices) -> S3Objects { objects(services.s3, services.platform.buckets) }
    private func objects(_ seaweed: SeaweedObjects) -> S3Objects { objects(seaweed.s3, seaweed.names) }

    private func upload(_ path: String) -> ObjectUpload {
        ObjectUpload(
            key: "g/large film.mov", body: .file(path), contentType: "video/quicktime", metadata: ["photo-id": "a"])
    }

    /// The uploads of a bucket that were neither completed nor given up.
    private func unfinished(_ curl: Curl, _ bucket: String) async throws -> Int {
        let answer = try await curl.s3("GET", "/\(bucket)?uploads=")
        try #require(answer.status == 200)
        return answer.body.components(separatedBy: "<UploadId>").count - 1
    }

    private func unfinished(_ services: ProxiedServices) async throws -> Int {
        try await unfinished(Curl(services.platform.emulator), services.platform.buckets.photos)
    }

    private func unfinished(_ seaweed: SeaweedObjects) async throws -> Int {
        let server = seaweed.server
        return try await unfinished(
            Curl(server.endpoint, server.accessKeyID, server.secretAccessKey), seaweed.names.photos)
    }

    @Test func fromTheLimitOnAndComeBackWhole() async throws {
        let seaweed = try await SeaweedObjects.make()
        let file = try LargeFile(in: folder, size: Self.part + 1)
        let outcome = try await objects(seaweed).put(upload(file.path), in: .photos, if: .absent)
        guard case .stored(let info) = outcome else {
            Issue.record("not stored")
            return
        }
        #expect(seaweed.proxy.counts() == ["S3.POST": 2, "S3.PUT": 2])
        #expect(info.size == file.size)
        let got = try #require(try await seaweed.objects.get(.photos, key: info.key, limit: file.size))
        #expect(Data(SHA256.hash(data: got.bytes)) == file.digest)
        #expect(got.info == info)
        #expect(try await unfinished(seaweed) == 0)
        await seaweed.close()
    }

    @Test func belowTheLimitInOneRequest() async throws {
        let services = try await ProxiedServices.make()
        let file = try LargeFile(in: folder, size: Self.part)
        _ = try await objects(services).put(upload(file.path), in: .photos, if: .absent)
        #expect(services.proxy.counts() == ["S3.PUT": 1])
        await services.close()
    }

    @Test func aLostRaceLeavesNothing() async throws {
        let services = try await ProxiedServices.make()
        let file = try LargeFile(in: folder, size: Self.part + 1)
        let small = ObjectUpload(key: "g/large film.mov", body: .bytes([1]), contentType: "video/quicktime")
        guard case .stored(let first) = try await services.objects.put(small, in: .photos, if: .absent) else {
            Issue.record("not stored")
            return
        }
        #expect(try await objects(services).put(upload(file.path), in: .photos, if: .absent) == .conditionFailed)
        let other = PutCondition.unchanged(etag: "\"00000000000000000000000000000000\"")
        #expect(try await objects(services).put(upload(file.path), in: .photos, if: other) == .conditionFailed)
        #expect(try await unfinished(services) == 0)
        #expect(try await services.objects.get(.photos, key: first.key, limit: 1)?.bytes == [1])
        await services.close()
    }

    @Test func aRaceOnTheOtherS3() async throws {
        let seaweed = try await SeaweedObjects.make()
        let file = try LargeFile(in: folder, size: Self.part + 1)
        let small = ObjectUpload(key: "g/large film.mov", body: .bytes([1]), contentType: "video/quicktime")
        guard case .stored(let first) = try await seaweed.objects.put(small, in: .photos, if: .absent) else {
            Issue.record("not stored")
            return
        }
        #expect(try await objects(seaweed).put(upload(file.path), in: .photos, if: .absent) == .conditionFailed)
        #expect(try await unfinished(seaweed) == 0)
        let mine = PutCondition.unchanged(etag: first.etag)
        #expect(try await objects(seaweed).put(upload(file.path), in: .photos, if: mine) != .conditionFailed)
        #expect(try await objects(seaweed).put(upload(file.path), in: .photos, if: mine) == .conditionFailed)
        #expect(try await unfinished(seaweed) == 0)
        await seaweed.close()
    }

    @Test func aPartThatFailsGivesTheUploadUp() async throws {
        let services = try await ProxiedServices.make()
        let file = try LargeFile(in: folder, size: 2 * Self.part)
        services.fail(of: { $0.path.contains("partNumber=2") }, with: .s3(500, "InternalError"))
        let error = await #expect(throws: RenditionError.self) {
            try await objects(services).put(upload(file.path), in: .photos, if: .none)
        }
        #expect(error?.stage == .store)
        #expect(error?.detail?.contains("S3 UploadPart of") == true)
        #expect(services.proxy.counts() == ["S3.POST": 1, "S3.PUT": 4, "S3.DELETE": 1])
        #expect(try await unfinished(services) == 0)
        #expect(try await services.objects.head(.photos, key: "g/large film.mov") == nil)
        await services.close()
    }

    @Test func aCancelledUploadIsGivenUpToo() async throws {
        let services = try await ProxiedServices.make()
        let file = try LargeFile(in: folder, size: 2 * Self.part)
        let (reached, reach) = AsyncStream.makeStream(of: Void.self)
        services.proxy.onRequest { seen in
            guard seen.path.contains("partNumber=2") else { return .pass }
            reach.yield()
            return .delay(.seconds(30))
        }
        let (objects, upload) = (objects(services), upload(file.path))
        let task = Task { try await objects.put(upload, in: .photos, if: .none) }
        for await _ in reached { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await unfinished(services) == 0)
        await services.close()
    }

    @Test func aPartIsSentAgain() async throws {
        let seaweed = try await SeaweedObjects.make()
        let file = try LargeFile(in: folder, size: 2 * Self.part)
        seaweed.proxy.fail(first: 1, of: { $0.path.contains("partNumber=1") }, with: .dropReply)
        _ = try await objects(seaweed).put(upload(file.path), in: .photos, if: .none)
        #expect(seaweed.proxy.counts() == ["S3.POST": 2, "S3.PUT": 3])
        let got = try await seaweed.objects.get(.photos, key: "g/large film.mov", limit: file.size)
        #expect(got.map { Data(SHA256.hash(data: $0.bytes)) } == file.digest)
        await seaweed.close()
    }

    /// A success's status may be followed by a failure's text.
    @Test func aFailureThatBeginsAsASuccessIsNone() async throws {
        let seaweed = try await SeaweedObjects.make()
        let file = try LargeFile(in: folder, size: Self.part + 1)
        seaweed.proxy.fail(
            first: 1, of: { $0.method == "POST" && $0.path.contains("uploadId") },
            with: .answer(
                status: 200,
                body: "  \n<?xml version=\"1.0\"?><Error><Code>InternalError</Code><Message>no</Message></Error>"))
        #expect(try await objects(seaweed).put(upload(file.path), in: .photos, if: .absent) != .conditionFailed)
        #expect(seaweed.proxy.counts() == ["S3.POST": 3, "S3.PUT": 2])
        #expect(try await seaweed.objects.head(.photos, key: "g/large film.mov")?.size == file.size)
        await seaweed.close()
    }

    // MARK: The sizes of everyday work, on the server that is quick enough

    @Test func sixtyFourMebibytesAndABitTakeFiveParts() async throws {
        let seaweed = try await SeaweedObjects.make(recording: true)
        let file = try LargeFile(in: folder, size: 64 << 20 + 12345)
        #expect(try await seaweed.objects.put(upload(file.path), in: .photos, if: .none) != .conditionFailed)
        #expect(seaweed.proxy.counts() == ["S3.POST": 2, "S3.PUT": 5])
        #expect(try await seaweed.digest(of: "g/large film.mov") == file.digest)
        await seaweed.close()
    }

    @Test func sixtyThreeAreOneStream() async throws {
        let seaweed = try await SeaweedObjects.make(recording: true)
        let file = try LargeFile(in: folder, size: 63 << 20)
        #expect(try await seaweed.objects.put(upload(file.path), in: .photos, if: .none) != .conditionFailed)
        #expect(seaweed.proxy.counts() == ["S3.PUT": 1])
        #expect(try await seaweed.digest(of: "g/large film.mov") == file.digest)
        await seaweed.close()
    }
}

/// A file of which each megabyte differs.
private struct LargeFile {
    let path: String
    let size: Int
    let digest: Data

    init(in folder: TestFolder, size: Int) throws {
        path = folder.path("large")
        self.size = size
        var generator = SystemRandomNumberGenerator()
        var block = Data((0..<(1 << 17)).flatMap { _ in withUnsafeBytes(of: generator.next(), Array.init) })
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        var hash = SHA256()
        for offset in stride(from: 0, to: size, by: block.count) {
            block[0] &+= 1
            let piece = block.prefix(size - offset)
            hash.update(data: piece)
            try file.write(contentsOf: piece)
        }
        try file.close()
        digest = Data(hash.finalize())
    }
}
