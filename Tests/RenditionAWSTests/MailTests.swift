import RenditionAWS
import RenditionCore
import RenditionTestKit
import Synchronization
import Testing

/// Galleries' mails in the side table: when they are due, and that they are sent once.
@Suite("Mails about upload sessions", .timeLimit(.minutes(5)))
struct MailTests {
    private static let silence = MailStage.silence

    @Test func oneIsSentOnceTheGalleryIsSilent() async throws {
        let stage = try await MailStage.make()
        for id in ["a", "b"] { try await stage.settle(try await stage.upload(id)) }
        try await stage.settle(try await stage.upload("c"), as: PhotoStatus.failed)
        stage.clock.advance(by: Self.silence - .seconds(1))
        #expect(try await stage.deliver().isEmpty)
        stage.clock.advance(by: .seconds(1))
        #expect(try await stage.deliver() == [.sent])
        #expect(try await stage.told() == ["2 photos are ready, 1 could not be prepared"])
        stage.clock.advance(by: Self.silence * 10)
        #expect(try await stage.deliver().isEmpty)
        let row = try #require(try await stage.row())
        #expect(row["q"] == nil && row["since"] == nil && row["tok"] == nil, "\(row)")
        await stage.close()
    }

    @Test func eachSessionHasOneWithItsOwnPhotos() async throws {
        let stage = try await MailStage.make()
        try await stage.settle(try await stage.upload("a"))
        stage.clock.advance(by: Self.silence)
        try await stage.deliver()
        stage.clock.advance(by: .seconds(3600))
        for id in ["b", "c"] { try await stage.settle(try await stage.upload(id)) }
        stage.clock.advance(by: Self.silence)
        #expect(try await stage.deliver() == [.sent])
        #expect(try await stage.told() == ["1 photo is ready", "2 photos are ready"])
        await stage.close()
    }

    /// Also where everything around it is rendered anew.
    @Test func aPhotoThatIsTriedAgainIsToldAlone() async throws {
        let stage = try await MailStage.make()
        try await stage.giveUp(try await stage.upload("again"))
        stage.clock.advance(by: .seconds(1))
        try await stage.settle(try await stage.upload("shown"))
        stage.clock.advance(by: Self.silence)
        try await stage.deliver()
        stage.clock.advance(by: .seconds(86_400))
        #expect(try await stage.store.queue.redrive("again", after: .zero))
        try await stage.settle(try await stage.record("again"))
        try await stage.settle(try await stage.record("shown"))
        stage.clock.advance(by: Self.silence)
        #expect(try await stage.deliver() == [.sent])
        #expect(try await stage.told() == ["1 photo is ready, 1 could not be prepared", "1 photo is ready"])
        await stage.close()
    }

    @Test func aPhotoThatIsTriedAgainBeforeTheMailGoesOutIsWaitedFor() async throws {
        let stage = try await MailStage.make()
        try await stage.giveUp(try await stage.upload("again"))
        #expect(try await stage.store.queue.redrive("again", after: .zero))
        stage.clock.advance(by: Self.silence)
        #expect(try await stage.deliver().isEmpty)
        try await stage.settle(try await stage.record("again"))
        stage.clock.advance(by: Self.silence)
        #expect(try await stage.deliver() == [.sent])
        #expect(try await stage.told() == ["1 photo is ready"])
        await stage.close()
    }

    /// Such as one whose record has grown to DynamoDB's 400 KB.
    @Test func aPhotoThatWasGivenUpKeepsNoMailAwayThoughItsRecordSaysThatItIsOwed() async throws {
        let stage = try await MailStage.make()
        try await stage.giveUp(try await stage.upload("full"), writes: false)
        try await stage.settle(try await stage.upload("a"))
        stage.clock.advance(by: Self.silence)
        #expect(try await stage.deliver() == [.sent])
        #expect(try await stage.told() == ["1 photo is ready, 1 could not be prepared"])
        #expect(try await stage.mails().first?.text.contains("- full.jpg: Remove some of its texts.") == true)
        await stage.close()
    }

    /// However often another one is settled meanwhile.
    @Test func aPhotoThatNeverEndsKeepsAMailAwayForADay() async throws {
        let stage = try await MailStage.make()
        _ = try await stage.upload("endless")
        _ = try await stage.store.queue.adopt(PhotoRef(id: "endless", galleryID: "g"), lane: .fresh)
        for hour in 0..<26 {
            try await stage.settle(try await stage.upload("h\(hour)"))
            stage.clock.advance(by: Self.silence)
            try await stage.deliver()
            if hour == 22 { #expect(try await stage.told() == []) }
            stage.clock.advance(by: .seconds(3600))
            _ = try await stage.store.tend()
        }
        #expect(try await stage.told().first == "25 photos are ready")
        #expect(try await stage.mails().first?.text.contains("1 more photo isn't ready yet.") == true)
        await stage.close()
    }

    /// A mark counts for longer than that silence.
    @Test func aShortSilenceLosesNoMail() async throws {
        let stage = try await MailStage.make(silence: .seconds(1))
        try await stage.settle(try await stage.upload("a"))
        stage.clock.advance(by: .seconds(1))
        try await stage.deliver()
        try await stage.settle(try await stage.upload("b"))
        stage.clock.advance(by: .seconds(6))
        try await stage.deliver()
        #expect(try await stage.told() == ["2 photos are ready"])
        await stage.close()
    }

    @Test func whatOwesNothingMakesNone() async throws {
        let stage = try await MailStage.make()
        for status in [PhotoStatus.active, PhotoStatus.failed, "approved"] {
            var record = try await stage.upload(status)
            record.attributes["status"] = .string(status)
            try await stage.settle(record, as: status == PhotoStatus.failed ? status : PhotoStatus.active)
        }
        #expect(try await stage.row() == nil)
        await stage.close()
    }

    @Test func itWaitsForPhotosThatAreOwed() async throws {
        let stage = try await MailStage.make()
        let slow = try await stage.upload("slow")
        stage.clock.advance(by: .seconds(5))
        try await stage.settle(try await stage.upload("quick"))
        for _ in 1...3 {
            stage.clock.advance(by: .seconds(600))
            #expect(try await stage.deliver().isEmpty)
        }
        #expect(try await stage.told() == [])
        try await stage.settle(slow)
        stage.clock.advance(by: Self.silence)
        #expect(try await stage.deliver() == [.sent], "no longer than the silence, however long it was put off")
        #expect(try await stage.told() == ["2 photos are ready"])
        await stage.close()
    }

    /// What is settled in another order than it began, by one worker and by several.
    @Test func theEarliestPhotoBeginsTheSession() async throws {
        let stage = try await MailStage.make()
        let other = try await stage.other()
        var photos: [PhotoRecord] = []
        for id in ["a", "b", "c"] {
            photos.append(try await stage.upload(id))
            stage.clock.advance(by: .seconds(1))
        }
        try await stage.settle(photos[1], by: other)
        try await stage.settle(photos[0], by: other)
        try await stage.settle(photos[2])
        #expect(try await stage.row()?["since"]?.integer == photos[0].owedSince.map { Int($0.milliseconds) })
        stage.clock.advance(by: Self.silence)
        try await stage.deliver()
        #expect(try await stage.told() == ["3 photos are ready"])
        await stage.close()
    }

    @Test func photosThatAreSettledTogetherShareAWrite() async throws {
        let stage = try await MailStage.make()
        let first = try await stage.upload("first")
        try await stage.store.mail?.mark(first, becoming: PhotoStatus.active)
        let before = stage.proxy.counts()["DynamoDB.UpdateItem"] ?? 0
        for id in 1...20 { try await stage.settle(try await stage.upload("\(id)")) }
        #expect(stage.proxy.counts()["DynamoDB.UpdateItem"] == before)
        // But not for so long that the mail could be sent meanwhile.
        stage.clock.advance(by: Self.silence / 4)
        try await stage.store.mail?.mark(first, becoming: PhotoStatus.active)
        #expect(stage.proxy.counts()["DynamoDB.UpdateItem"] == before + 1)
        await stage.close()
    }

    @Test func isNoPhotoToTheQueue() async throws {
        let stage = try await MailStage.make()
        try await stage.settle(try await stage.upload("a"))
        stage.clock.advance(by: Self.silence)
        let queue = stage.store.queue
        #expect(try await queue.depth() == QueueDepth())
        #expect(try await queue.claim(upTo: 8, owner: "w", lease: .seconds(30)).isEmpty)
        #expect(try await queue.claim("~mail/g", owner: "w", lease: .seconds(30)) == nil)
        #expect(try await queue.reap() == 0)
        #expect(try await queue.leased(upTo: 10).isEmpty)
        try await queue.deadLetters { letters in
            #expect(letters.isEmpty)
            return true
        }
        #expect(try await !queue.redrive("~mail/g", after: .zero))
        #expect(try await !queue.drop("~mail/g"))
        await stage.close()
    }

    /// More than a page of owed work, so that the lanes of mails are looked at by themselves.
    @Test func oneIsFoundBesideALongQueue() async throws {
        let stage = try await MailStage.make()
        try await stage.settle(try await stage.upload("a"))
        let queue = try await stage.other().queue
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<560 {
                group.addTask { _ = try await queue.adopt(PhotoRef(id: "p\(index)", galleryID: "other"), lane: .fresh) }
            }
            try await group.waitForAll()
        }
        #expect(try await stage.deliver().isEmpty)
        stage.clock.advance(by: Self.silence)
        #expect(try await stage.deliver() == [.sent])
        await stage.close()
    }

    @Test func withoutAnAddressNoneIsSentAndNoneIsDue() async throws {
        let stage = try await MailStage.make(hasPhotographer: false)
        try await stage.settle(try await stage.upload("a"))
        stage.clock.advance(by: Self.silence)
        #expect(try await stage.deliver() == [.unaddressed])
        #expect(try await stage.row()?["q"] == nil)
        #expect(stage.memory.lines.withLock { $0.contains { $0.contains("no user with an e-mail address") } })
        await stage.close()
    }

    @Test func anAddressThatSESCannotTakeIsNamedAndLosesNothing() async throws {
        let stage = try await MailStage.make()
        let users = stage.platform.tables.users
        let address = stage.platform.photographersAddress
        _ = try await stage.platform.dynamo.delete(["email": .string(address)], from: users)
        _ = try await stage.platform.dynamo.put(
            ["email": .string("ü@galerly.example"), "id": .string("u")], into: users)
        try await stage.settle(try await stage.upload("a"))
        stage.clock.advance(by: Self.silence)
        #expect(try await stage.deliver() == [.unaddressed])
        let lines = stage.memory.lines.withLock { $0 }
        #expect(lines.contains { $0.hasPrefix("warning") && $0.contains("plain ASCII") }, "\(lines)")
        _ = try await stage.platform.dynamo.delete(["email": .string("ü@galerly.example")], from: users)
        _ = try await stage.platform.dynamo.put(["email": .string("\(address) "), "id": .string("u")], into: users)
        stage.clock.advance(by: .seconds(3600))
        try await stage.settle(try await stage.upload("b"))
        stage.clock.advance(by: Self.silence)
        #expect(try await stage.deliver() == [.sent])
        #expect(try await stage.told() == ["2 photos are ready"])
        await stage.close()
    }
}
