import RenditionCore
import Testing

@Suite("Upload sessions")
struct UploadSessionTests {
    private static func at(_ second: Int) -> Timestamp {
        Timestamp(milliseconds: 1_750_000_000_000 + Int64(second) * 1000)
    }

    /// - Parameters:
    ///   - owed: When it began to owe renditions, in seconds.
    ///   - settled: When the worker was done with it.
    private static func photo(_ id: String, _ status: String, owed: Int, settled: Int? = nil) -> PhotoRecord {
        var attributes: [String: RecordValue] = [
            "id": .string(id), "status": .string(status), "processing_started_at": .string(at(owed).iso8601),
            "created_at": .string(at(0).iso8601),
        ]
        if let settled {
            attributes["updated_at"] = .string(at(settled).iso8601)
            if status != PhotoStatus.failed { attributes["processed_at"] = .string(at(settled).iso8601) }
        }
        return PhotoRecord(attributes: attributes)
    }

    private static func session(_ photos: [PhotoRecord], since: Int, told: Int? = nil) -> UploadSession {
        UploadSession(of: photos, since: at(since), settledAfter: told.map(at))
    }

    @Test func holdWhatWasSettledSinceTheLastMail() {
        let session = Self.session(
            [
                Self.photo("before", PhotoStatus.active, owed: 5, settled: 50),
                Self.photo("told", PhotoStatus.active, owed: 11, settled: 20),
                Self.photo("first", PhotoStatus.active, owed: 10, settled: 21),
                Self.photo("broken", PhotoStatus.failed, owed: 12, settled: 30),
                Self.photo("last", PhotoStatus.active, owed: 13, settled: 22),
                Self.photo("waits for approval", "pending", owed: 14, settled: 23),
            ], since: 10, told: 20)
        #expect(session.ready.map(\.id) == ["first", "last"])
        #expect(session.failed.map(\.id) == ["broken"])
        #expect(session.owed == 0)
        #expect(session.settledUntil == Self.at(30))
        #expect(session.step(waits: 0) == .tell)
    }

    @Test func aPhotoThatIsOwedHoldsTheMailBackWheneverItWasUploaded() {
        let photos = [
            Self.photo("a", PhotoStatus.active, owed: 10, settled: 20),
            Self.photo("b", PhotoStatus.processing, owed: 1),
        ]
        let session = Self.session(photos, since: 10)
        #expect(session.owed == 1)
        #expect(session.step(waits: 0) == .wait)
        #expect(session.step(waits: UploadSession.mostWaits - 1) == .wait)
        #expect(session.step(waits: UploadSession.mostWaits) == .tell)
    }

    @Test func ofNothingNothingIsTold() {
        let old = [Self.photo("a", PhotoStatus.active, owed: 1, settled: 5)]
        #expect(Self.session(old, since: 10).step(waits: 0) == .nothing)
        #expect(Self.session(old, since: 1, told: 5).step(waits: 0) == .nothing)
        let owed = [Self.photo("a", PhotoStatus.processing, owed: 1)]
        #expect(Self.session(owed, since: 1).step(waits: UploadSession.mostWaits) == .nothing)
    }

    @Test func aPhotoWithoutDatesCountsFromItsEnd() {
        let photo = PhotoRecord(attributes: [
            "id": .string("a"), "status": .string(PhotoStatus.active), "processed_at": .string(Self.at(20).iso8601),
        ])
        #expect(Self.session([photo], since: 20).ready.count == 1)
        #expect(Self.session([photo], since: 21).ready.isEmpty)
    }

    @Test func aSilentSessionIsWaitedForAboutADay() {
        let waits = (1...UploadSession.mostWaits).map { UploadSession.wait(after: $0, silence: .seconds(60)).seconds }
        #expect((54...66).contains(waits[0]))
        #expect(waits.allSatisfy { $0 <= 990 })
        #expect((20.0...28.0).contains(waits.reduce(0, +) / 3600))
    }
}
