import Foundation
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

/// A request that was carried out while its answer was lost on the way.
@Suite("Lost replies", .serialized, .timeLimit(.minutes(5)))
struct LostReplyTests {
    private let stage: Stage
    private let proxy: FaultProxy

    init() async throws {
        stage = try await Stage()
        proxy = try await stage.proxy()
    }

    private func thief(
        _ step: WorkerStep, times: Int = 1, next: @escaping @Sendable (WorkerStep) -> FaultProxy.Action = { _ in .pass }
    ) -> ReplyThief {
        ReplyThief(proxy, stage.platform, step, times: times, next: next)
    }

    /// Has a worker do all that is owed.
    ///
    /// - Returns: each report's outcome and attempt.
    private func work(_ settings: [String: String] = [:]) async throws -> [String] {
        let result = try await stage.worker(["--drain"], through: proxy, settings).wait()
        #expect(result.status == 0, "\(result.errors)")
        return try Renditions.reports(result.output).map {
            "\($0["outcome"] as? String ?? "") \($0["attempt"] as? Int ?? 0)"
        }
    }

    @Test(arguments: [
        WorkerStep.adoption, .claim, .originalGet, .renewal, .renditionHead, .renditionPut, .originalHead, .commit,
        .finish,
    ])
    func oneMakesNoSecondRound(_ step: WorkerStep) async throws {
        let thief = thief(step)
        let looks = step == .renditionHead
        let id = try await (looks ? stage.uploadOverRemains("orientation-1.jpg") : stage.upload("orientation-1.jpg"))
        #expect(try await work() == ["done 1"])
        let photo = try await stage.showing(id)
        #expect(thief.lost == 1)
        // Where nothing stands yet, nobody has to look; but what an answer was lost of is looked at.
        #expect(looks || step == .renditionPut || thief.count(.renditionHead) == 0)
        #expect(photo.flaws == [])
        #expect(photo.history == ["queued", "claimed", "done"])
        #expect(photo.fence == 1 && photo.doneFence == 1 && photo.record.fence == 1)
        #expect(thief.count(.originalGet) == (step == .originalGet ? 2 : 1))
        #expect(thief.renditions == 4)
    }

    /// Four attempts are all that the client makes by itself.
    @Test func theWorkerAsksUntilItKnowsThatThePhotoIsDone() async throws {
        let thief = thief(.finish, times: 4)
        let id = try await stage.upload("orientation-1.jpg")
        #expect(try await work() == ["done 1"])
        let photo = try await stage.showing(id)
        #expect(thief.lost == 4 && thief.count(.finish) == 5)
        #expect(photo.flaws == [])
        #expect(photo.history == ["queued", "claimed", "done"])
        #expect(photo.fence == 1 && photo.doneFence == 1)
    }

    @Test func aCommitThatTheWorkerNeverHeardOfIsNotRenderedAgain() async throws {
        let thief = thief(.commit, times: 4)
        let id = try await stage.upload("orientation-1.jpg")
        #expect(try await work() == ["released 1", "done 1"])
        let photo = try await stage.showing(id)
        #expect(thief.lost == 4)
        #expect(photo.flaws == [])
        #expect(photo.record.fence == 1 && photo.doneFence == 2)
        #expect(thief.count(.originalGet) == 1 && thief.renditions == 4)
    }

    @Test func aFailureCountsOnce() async throws {
        let id = try await stage.upload("orientation-1.jpg")
        let key = try #require(try await stage.platform.record(id)?.s3Key)
        try await stage.platform.s3.delete(stage.platform.buckets.photos, key)
        // The original is back before the second claim.
        let (claims, stage) = (Tally(), stage)
        let thief = thief(.failure) { step in
            guard step == .claim, claims.add() == 2 else { return .pass }
            return .hold { try? await stage.platform.put(Corpus.samples.bytes("tiny.jpg"), as: key) }
        }
        #expect(try await work(["RENDITIONS_RETRY_MS": "50"]) == ["retry 1", "done 2"])
        let photo = try await stage.showing(id)
        #expect(thief.lost == 1)
        #expect(photo.flaws == [])
        #expect(photo.history == ["queued", "claimed", "retry", "claimed", "done"])
        #expect(photo.fence == 2 && photo.doneFence == 2)
    }

    /// Both writes of a final failure: into the record, and into the queue.
    @Test(arguments: [WorkerStep.commit, .burial])
    func aPhotoFailsForGoodOnce(_ step: WorkerStep) async throws {
        let thief = thief(step)
        let id = try await stage.upload("not-a-photo.jpg")
        #expect(try await work() == ["failed 1"])
        let photo = try await stage.showing(id)
        #expect(thief.lost == 1)
        #expect(photo.record.status == PhotoStatus.failed && photo.record.attributes["rendition_error"] != nil)
        #expect(photo.history == ["queued", "claimed", "dead"])
        #expect(photo.state == "dead" && photo.fence == 1)
    }

    @Test func aGallerysCoverFollowsAllTheSame() async throws {
        let thief = thief(.commit)
        let id = try await stage.upload("tiny.jpg")
        let photo = try #require(try await stage.platform.record(id))
        let size = RenditionSize.small
        let key = ObjectKeys.rendition(galleryID: photo.galleryID, originalKey: photo.s3Key, size: size)
        let old = PublicURLs(endpoint: stage.platform.emulator.endpoint, names: stage.platform.buckets)
            .url(.renditions, key: key, version: "00000000")
        try await setURL(of: photo, to: old)
        let place: [String: RecordValue] = ["user_id": .string("u"), "id": .string(photo.galleryID)]
        _ = try await stage.platform.dynamo.put(
            place.merging(["cover_photo_url": .string(old)]) { $1 }, into: stage.platform.tables.galleries)
        #expect(try await work() == ["done 1"])
        #expect(thief.lost == 1)
        let url = try #require(try await stage.showing(id).record["small_url"])
        #expect(url != old)
        let gallery = try await stage.platform.dynamo.get(place, from: stage.platform.tables.galleries)
        #expect(gallery?["cover_photo_url"]?.string == url)
    }

    private func setURL(of photo: PhotoRecord, to url: String) async throws {
        let change = photo.attributes.merging(["small_url": .string(url)]) { $1 }
        _ = try await stage.platform.dynamo.put(change, into: stage.platform.tables.photos)
    }
}
