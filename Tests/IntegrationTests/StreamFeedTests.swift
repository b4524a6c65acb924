import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

/// New photos found through the photos table's stream.
@Suite("The stream", .timeLimit(.minutes(5)))
struct StreamFeedTests {
    @Test func itTellsOfNewPhotosAndOfThoseThatOweRenditionsAgain() async throws {
        let stage = try await Stage(feed: .streams)
        let (proxy, lookout) = (try await stage.proxy(), Lookout(stage.platform))
        lookout.follow("worker", proxy)
        let worker = try stage.worker(through: proxy, ["RENDITIONS_FEED": "streams"])
        // From the first full look on it is the stream that tells.
        try await eventually("the worker has looked once") { lookout.count(.look, by: "worker") > 0 }
        let ids = [try await stage.upload("tiny.jpg"), try await stage.upload("orientation-1.jpg")]
        for id in ids { try await eventually("it is rendered") { try await stage.isRendered(id) } }

        try await setBack(ids[0], on: stage)
        try await eventually("it is rendered again") {
            let photo = try await stage.showing(ids[0])
            return photo.record.fence == 2 && photo.state == "done"
        }
        worker.signal(15)
        let reports = try Renditions.reports(try await worker.wait().output)
        let done = reports.filter { $0["outcome"] as? String == "done" }.compactMap { $0["photo"] as? String }
        #expect(done.sorted() == (ids + [ids[0]]).sorted())
        for id in ids { #expect(try await stage.showing(id).flaws == []) }
        #expect(proxy.counts()["DynamoDBStreams.GetRecords", default: 0] > 0)
        // The index is asked once a minute.
        #expect(lookout.count(.look, by: "worker") <= 2)
    }

    /// Has the backend say that renditions are owed.
    private func setBack(_ id: String, on stage: Stage) async throws {
        var change = Expression()
        change.set("status", .string(PhotoStatus.processing))
        _ = try await stage.platform.dynamo.update(["id": .string(id)], in: stage.platform.tables.photos, change)
    }
}
