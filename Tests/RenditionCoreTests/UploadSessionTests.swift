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
            "created_at": .string(at(0).iso8601), "thumbnail_url": .string("https://a.example/\(id).jpg"),
        ]
        if let settled {
            attributes["updated_at"] = .string(at(settled).iso8601)
            if status != PhotoStatus.failed { attributes["processed_at"] = .string(at(settled).iso8601) }
        }
        return PhotoRecord(attributes: attributes)
    }

    private static func session(
        _ photos: [PhotoRecord], _ jobs: [Job] = [], since: Int, told: Int? = nil, now: Int = 100
    ) -> UploadSession {
        var session = UploadSession(since: at(since), settledAfter: told.map(at), now: at(now))
        // As pages come, in no order.
        for photo in photos.reversed() {
            session.add([photo], jobs: Dictionary(uniqueKeysWithValues: jobs.map { ($0.photo.id, $0) }))
        }
        return session
    }

    private static func job(_ id: String, _ state: Job.State, due: Int? = nil) -> Job {
        Job(
            photo: PhotoRef(id: id, galleryID: "g"), state: state, lane: .fresh, generation: 1, fence: 1, attempts: 1,
            owner: nil, dueAt: due.map(at), enqueuedAt: at(0), doneAt: nil, doneRecipe: nil,
            lastError: RenditionError(code: "x", stage: .commit, retriable: false, message: "Its record is full."))
    }

    private static let day = 86_400

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
        #expect(session.ready == 2 && session.failed == 1)
        #expect(session.pictures.map(\.id) == ["first", "last"])
        #expect(session.failures.map(\.id) == ["broken"])
        #expect(session.owed == 0)
        #expect(session.settledUntil == Self.at(30))
        #expect(session.step(waitedSince: nil) == .tell)
    }

    @Test func aPhotoThatIsOwedHoldsTheMailBackWheneverItWasUploaded() {
        let photos = [
            Self.photo("a", PhotoStatus.active, owed: 10, settled: 20),
            Self.photo("b", PhotoStatus.processing, owed: 1),
        ]
        let session = Self.session(photos, since: 10)
        #expect(session.owed == 1)
        #expect(session.step(waitedSince: nil) == .wait)
        #expect(session.step(waitedSince: Self.at(100 - Self.day + 1)) == .wait)
        #expect(session.step(waitedSince: Self.at(100 - Self.day)) == .tell)
    }

    /// Such as one whose record has no room for the reason.
    @Test func aPhotoThatWasGivenUpIsToldThoughItsRecordSaysThatItIsOwed() {
        let photos = [Self.photo("a", PhotoStatus.processing, owed: 10)]
        let session = Self.session(photos, [Self.job("a", .dead, due: 30)], since: 10, told: 20)
        #expect(session.owed == 0 && session.failed == 1)
        #expect(session.failures.map(\.reason) == ["Its record is full."])
        #expect(session.settledUntil == Self.at(30))
        #expect(Self.session(photos, [Self.job("a", .dead, due: 30)], since: 10, told: 30).failed == 0)
        // Somebody wrote the record after that: it is about to be queued again.
        let again = [Self.photo("a", PhotoStatus.processing, owed: 10, settled: 40)]
        #expect(Self.session(again, [Self.job("a", .dead, due: 30)], since: 10).step(waitedSince: nil) == .wait)
    }

    @Test func aPhotoThatNoWorkerKnowsIsWaitedForADay() {
        let photos = [
            Self.photo("a", PhotoStatus.active, owed: 10, settled: Self.day),
            Self.photo("b", PhotoStatus.processing, owed: 5),
        ]
        #expect(Self.session(photos, since: 10, now: Self.day).step(waitedSince: nil) == .wait)
        let late = Self.session(photos, since: 10, now: Self.day + 5)
        #expect(late.step(waitedSince: nil) == .tell)
        #expect(late.owed == 1)
        let queued = Self.session(photos, [Self.job("b", .queued)], since: 10, now: Self.day + 5)
        #expect(queued.step(waitedSince: nil) == .wait)
    }

    @Test(arguments: [Job.State.queued, .leased])
    func aFailedPhotoThatIsTriedAgainIsOwed(_ state: Job.State) {
        let photos = [Self.photo("a", PhotoStatus.failed, owed: 10, settled: 20)]
        let session = Self.session(photos, [Self.job("a", state)], since: 10)
        #expect(session.failed == 0)
        #expect(session.step(waitedSince: nil) == .wait)
        #expect(Self.session(photos, [Self.job("a", .dead, due: 20)], since: 10).failed == 1)
    }

    @Test func onlyWhatAMailShowsIsKept() {
        let photos = (10..<40).flatMap { number in
            [
                Self.photo("r\(number)", PhotoStatus.active, owed: 10, settled: 20),
                Self.photo("f\(number)", PhotoStatus.failed, owed: 10, settled: 20),
            ]
        }
        let session = Self.session(photos, since: 10)
        #expect(session.ready == 30 && session.failed == 30)
        #expect(session.pictures.map(\.id) == ["r10", "r11", "r12", "r13", "r14", "r15"])
        #expect(session.failures.map(\.id) == (10..<30).map { "f\($0)" })
    }

    @Test func ofNothingNothingIsTold() {
        let old = [Self.photo("a", PhotoStatus.active, owed: 1, settled: 5)]
        #expect(Self.session(old, since: 10).step(waitedSince: nil) == .nothing)
        #expect(Self.session(old, since: 1, told: 5).step(waitedSince: nil) == .nothing)
        let owed = [Self.photo("a", PhotoStatus.processing, owed: 1)]
        #expect(Self.session(owed, since: 1).step(waitedSince: Self.at(-Self.day)) == .nothing)
    }

    @Test func aPhotoWithoutDatesCountsFromItsEnd() {
        let photo = PhotoRecord(attributes: [
            "id": .string("a"), "status": .string(PhotoStatus.active), "processed_at": .string(Self.at(20).iso8601),
        ])
        #expect(Self.session([photo], since: 20).ready == 1)
        #expect(Self.session([photo], since: 21).ready == 0)
    }

    @Test func itIsLookedAtLessOften() {
        let waits = (1...100).map { UploadSession.wait(after: $0, silence: .seconds(60)).seconds }
        #expect((54...66).contains(waits[0]))
        #expect(waits.allSatisfy { $0 <= 990 } && waits[99] >= 810)
    }
}
