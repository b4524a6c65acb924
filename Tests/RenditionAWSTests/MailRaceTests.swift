import RenditionAWS
import RenditionCore
import RenditionTestKit
import Synchronization
import Testing

/// What happens to a mail while it is on its way.
@Suite("A mail on its way", .timeLimit(.minutes(5)))
struct MailRaceTests {
    private static let silence = MailStage.silence

    private static func isTake(_ seen: FaultProxy.Seen) -> Bool {
        seen.target == "UpdateItem" && seen.body.contains("~mail/g") && seen.body.contains("ADD")
    }

    /// Has something happen before the first request of a kind goes on.
    private func before(
        _ isIt: @escaping @Sendable (FaultProxy.Seen) -> Bool, on stage: MailStage,
        _ body: @escaping @Sendable () async -> Void
    ) {
        stage.proxy.fail(first: 1, of: isIt, with: .hold(body))
    }

    /// The one that keeps house was asleep for so long that another does too, and wakes as that one sends.
    @Test func whoeverComesLateSendsNone() async throws {
        let stage = try await MailStage.make()
        let other = try await stage.other()
        try await stage.settle(try await stage.upload("a"))
        stage.clock.advance(by: Self.silence)
        _ = try await other.tend()
        before(Self.isTake, on: stage) { #expect((try? await stage.deliver(by: other)) == [.sent]) }
        #expect(try await stage.deliver().isEmpty)
        #expect(try await stage.told() == ["1 photo is ready"])
        await stage.close()
    }

    @Test func twoSendersAtOnceSendOne() async throws {
        let stage = try await MailStage.make()
        let proxy = try await FaultProxy.start(upstream: stage.platform.emulator.endpoint)
        let other = try await stage.other(through: proxy)
        try await stage.settle(try await stage.upload("a"))
        stage.clock.advance(by: Self.silence)
        _ = try await other.tend()
        let (isOnItsWay, mayGo) = (Bell(), Bell())
        proxy.fail(
            first: 1, of: { $0.name == "SES.SendEmail" },
            with: .hold {
                isOnItsWay.ring()
                await mayGo.wait(atMost: .seconds(60))
            })
        // Both have seen that it is due; the other has taken it and is about to send.
        let sending = Mutex<Task<[MailOutcome], any Error>?>(nil)
        before(Self.isTake, on: stage) {
            sending.withLock { $0 = Task { try await stage.deliver(by: other) } }
            await isOnItsWay.wait(atMost: .seconds(60))
        }
        #expect(try await stage.deliver().isEmpty)
        mayGo.ring()
        #expect(try await sending.withLock { $0 }?.value == [.sent])
        #expect(try await stage.told() == ["1 photo is ready"])
        await proxy.stop()
        await stage.close()
    }

    @Test func whoeverTookItIsFollowedOnceItsLeaseHasEnded() async throws {
        let stage = try await MailStage.make()
        let other = try await stage.other()
        try await stage.settle(try await stage.upload("a"))
        stage.clock.advance(by: Self.silence)
        _ = try await other.tend()
        before({ $0.name == "DynamoDB.Query" && $0.body.contains("GalleryIdIndex") }, on: stage) {
            #expect((try? await stage.deliver(by: other)) == [], "it is taken")
            stage.clock.advance(by: MailStage.officeLease * 2)
            #expect((try? await stage.deliver(by: other)) == [.sent])
        }
        #expect(try await stage.deliver().isEmpty, "it sees in time that it isn't its own any more")
        #expect(try await stage.told() == ["1 photo is ready"])
        await stage.close()
    }

    @Test func aPhotoThatIsSettledBeforeItGoesOutIsToldByIt() async throws {
        let stage = try await MailStage.make()
        let other = try await stage.other()
        try await stage.settle(try await stage.upload("a"))
        stage.clock.advance(by: Self.silence)
        before({ $0.name == "DynamoDB.Query" && $0.body.contains("UserIdIndex") }, on: stage) {
            do { try await stage.settle(try await stage.upload("b"), by: other) } catch { Issue.record(error) }
        }
        #expect(try await stage.deliver().isEmpty, "the silence was broken")
        stage.clock.advance(by: Self.silence)
        #expect(try await stage.deliver() == [.sent])
        #expect(try await stage.told() == ["2 photos are ready"])
        await stage.close()
    }

    @Test func aPhotoThatIsSettledWhileItGoesOutIsToldByTheNext() async throws {
        let stage = try await MailStage.make()
        let other = try await stage.other()
        try await stage.settle(try await stage.upload("a"))
        stage.clock.advance(by: Self.silence)
        before({ $0.name == "SES.SendEmail" }, on: stage) {
            do { try await stage.settle(try await stage.upload("b"), by: other) } catch { Issue.record(error) }
        }
        #expect(try await stage.deliver() == [.sent])
        stage.clock.advance(by: Self.silence)
        #expect(try await stage.deliver() == [.sent])
        #expect(try await stage.told() == ["1 photo is ready", "1 photo is ready"])
        await stage.close()
    }

    @Test(arguments: ["take", "close"])
    func aLostAnswerOfTheTableSendsNoSecond(_ step: String) async throws {
        let stage = try await MailStage.make()
        try await stage.settle(try await stage.upload("a"))
        stage.clock.advance(by: Self.silence)
        stage.proxy.fail(
            first: 1,
            of: { seen in
                step == "take" ? Self.isTake(seen) : seen.target == "UpdateItem" && seen.body.contains(#""told""#)
            }, with: .dropReply)
        #expect(try await stage.deliver() == [.sent])
        stage.clock.advance(by: Self.silence * 10)
        #expect(try await stage.deliver().isEmpty)
        #expect(try await stage.told() == ["1 photo is ready"])
        await stage.close()
    }

    /// SES can't tell a repeated request from a new one; rather twice than never.
    @Test func aLostAnswerOfSESSendsItAgain() async throws {
        let stage = try await MailStage.make()
        try await stage.settle(try await stage.upload("a"))
        stage.clock.advance(by: Self.silence)
        stage.proxy.fail(first: 1, of: { $0.name == "SES.SendEmail" }, with: .dropReply)
        #expect(try await stage.deliver() == [.refused])
        #expect(try await stage.told().count == 1)
        stage.clock.advance(by: .seconds(700))
        #expect(try await stage.deliver() == [.sent])
        #expect(try await stage.told() == ["1 photo is ready", "1 photo is ready"])
        await stage.close()
    }

    @Test func oneThatSESRefusesIsTriedAgainAndThenGivenUpAloud() async throws {
        let stage = try await MailStage.make(isVerified: false)
        try await stage.settle(try await stage.upload("a"))
        var outcomes: [MailOutcome] = []
        for _ in 1...9 {
            stage.clock.advance(by: .seconds(1200))
            outcomes += try await stage.deliver()
        }
        #expect(outcomes == Array(repeating: .refused, count: 7) + [.givenUp])
        let lines = stage.memory.lines.withLock { $0 }
        let last = try #require(lines.last { $0.hasPrefix("error") })
        #expect(last.contains("given up after 8 attempts") && last.contains("in SES in us-east-1"), "\(last)")
        #expect(last.contains("Verify galerly+") && last.contains(#""gallery": g"#), "\(last)")
        #expect(try await stage.row()?["last_error"]?.string?.contains("Verify galerly+") == true)

        // What was given up isn't lost: the next mail tells of it too.
        stage.proxy.fail(
            first: 1, of: { $0.name == "SES.SendEmail" },
            with: .hold {
                try? await stage.platform.ses.verify("galerly+\(stage.platform.tables.jobs)@galerly.example")
            })
        stage.clock.advance(by: .seconds(3600))
        try await stage.settle(try await stage.upload("b"))
        stage.clock.advance(by: Self.silence)
        #expect(try await stage.deliver() == [.sent])
        #expect(try await stage.told() == ["2 photos are ready"])
        await stage.close()
    }

    /// A quota that is used up, an account that is paused, rights that are missing.
    @Test(arguments: [
        ("SES.SendEmail", 400, "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"),
        ("SES.SendEmail", 400, "<ErrorResponse><Error><Code>AccountSendingPaused</Code></Error></ErrorResponse>"),
        ("SES.SendEmail", 403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"),
        ("DynamoDB.Query", 400, #"{"__type":"AccessDeniedException"}"#),
    ])
    func whoIsUnableLosesNoMail(_ name: String, _ status: Int, _ body: String) async throws {
        let stage = try await MailStage.make()
        try await stage.settle(try await stage.upload("a"))
        stage.proxy.fail(
            first: 20, of: { $0.name == name && (name != "DynamoDB.Query" || $0.body.contains("GalleryIdIndex")) },
            with: .answer(status: status, body: body))
        var outcomes: [MailOutcome] = []
        for _ in 1...20 {
            stage.clock.advance(by: .seconds(4500))
            outcomes += try await stage.deliver()
        }
        #expect(outcomes == Array(repeating: .putOff, count: 20))
        stage.clock.advance(by: .seconds(4500))
        #expect(try await stage.deliver() == [.sent])
        #expect(try await stage.told() == ["1 photo is ready"])
        await stage.close()
    }

    @Test func withoutTheGallerysNameItGoesOutAllTheSame() async throws {
        let stage = try await MailStage.make()
        try await stage.settle(try await stage.upload("a"))
        stage.clock.advance(by: Self.silence)
        let table = stage.platform.tables.galleries
        stage.proxy.fail(
            first: 9, of: { $0.target == "GetItem" && $0.body.contains(table) },
            with: .answer(status: 400, body: #"{"__type":"AccessDeniedException"}"#))
        #expect(try await stage.deliver() == [.sent])
        #expect(try await stage.mails().map(\.subject) == ["Your gallery: 1 photo is ready"])
        await stage.close()
    }

    /// Where the table refuses some writes for a while, the photographer isn't the one to notice.
    @Test func oneThatCouldNotBeNotedIsNotSentAgainAtOnce() async throws {
        let stage = try await MailStage.make()
        try await stage.settle(try await stage.upload("a"))
        stage.clock.advance(by: Self.silence)
        let isRefused = Mutex(true)
        stage.proxy.onRequest { seen in
            let isNote =
                seen.target == "UpdateItem" && (seen.body.contains(#""told""#) || seen.body.contains("last_error"))
            return isNote && isRefused.withLock { $0 }
                ? .answer(status: 400, body: #"{"__type":"AccessDeniedException"}"#) : .pass
        }
        #expect(try await stage.deliver().isEmpty)
        isRefused.withLock { $0 = false }
        for _ in 1...5 {
            stage.clock.advance(by: MailStage.officeLease * 4)
            #expect(try await stage.deliver().isEmpty)
        }
        #expect(try await stage.told() == ["1 photo is ready"])
        stage.clock.advance(by: .seconds(600))
        #expect(try await stage.deliver() == [.sent])
        await stage.close()
    }

    /// SES has taken it, whatever it says about that.
    @Test func anAnswerThatCannotBeReadSendsNoSecond() async throws {
        let stage = try await MailStage.make()
        try await stage.settle(try await stage.upload("a"))
        stage.clock.advance(by: Self.silence)
        stage.proxy.fail(first: 1, of: { $0.name == "SES.SendEmail" }, with: .answer(status: 200, body: "taken"))
        #expect(try await stage.deliver() == [.sent])
        await stage.close()
    }

    /// A gallery's row that changes all the time is no outage, over which all photos would pause.
    @Test func aContendedRowIsNoOutage() async throws {
        let stage = try await MailStage.make()
        let photo = try await stage.upload("a")
        let (platform, since) = (stage.platform, try #require(photo.owedSince))
        let isEarlier = Mutex(false)
        stage.proxy.fail(
            first: 100, of: { $0.target == "UpdateItem" && $0.body.contains("~mail/g") },
            with: .hold {
                let earlier = isEarlier.withLock { flag in
                    flag.toggle()
                    return flag
                }
                var item: [String: RecordValue] = ["id": .string("~mail/g")]
                if earlier { item["since"] = .integer(Int(since.milliseconds) - 1) }
                _ = try? await platform.dynamo.put(item, into: platform.tables.jobs)
            })
        let error = await #expect(throws: RenditionError.self) {
            try await stage.store.mail?.mark(photo, becoming: PhotoStatus.active)
        }
        #expect(error?.code == "contended" && error?.isOutage == false)
        await stage.close()
    }

    /// Who is to stop needn't read on, nor begin to send.
    @Test(arguments: [true, false]) func whoIsToStopLeavesTheMailToOthers(_ hasJustBegun: Bool) async throws {
        let stage = try await MailStage.make()
        try await stage.settle(try await stage.upload("a"))
        stage.clock.advance(by: Self.silence)
        let isStopped = Mutex(false)
        before(
            { hasJustBegun ? Self.isTake($0) : $0.name == "DynamoDB.Query" && $0.body.contains("UserIdIndex") },
            on: stage
        ) { isStopped.withLock { $0 = true } }
        let round = try await #require(stage.store.mail).deliver { isStopped.withLock { !$0 } }
        #expect(round.outcomes.isEmpty)
        #expect(try await stage.row()?["attempts"]?.integer == 0)
        stage.clock.advance(by: .seconds(1))
        #expect(try await stage.deliver() == [.sent])
        await stage.close()
    }

    @Test func oneThatEndsItsSendersIsGivenUp() async throws {
        let stage = try await MailStage.make()
        try await stage.settle(try await stage.upload("a"))
        stage.clock.advance(by: Self.silence)
        // As if eight had died over it.
        var change = Expression()
        change.set("attempts", .integer(8))
        _ = try await stage.platform.dynamo.update(["id": .string("~mail/g")], in: stage.platform.tables.jobs, change)
        #expect(try await stage.deliver() == [.givenUp])
        #expect(try await stage.told() == [])
        #expect(try await stage.row()?["q"] == nil)
        await stage.close()
    }

    @Test func onlyWhoKeepsHouseLooks() async throws {
        let stage = try await MailStage.make()
        let other = try await stage.other()
        try await stage.settle(try await stage.upload("a"))
        stage.clock.advance(by: Self.silence)
        let before = other.meter.counts
        #expect(try await stage.deliver(by: other).isEmpty)
        #expect(other.meter.counts == before)
        #expect(try await stage.told() == [])
        await stage.close()
    }
}
