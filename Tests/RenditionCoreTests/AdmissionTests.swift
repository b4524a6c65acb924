import RenditionCore
import RenditionTestKit
import Testing

@Suite("Admission by expected memory", .timeLimit(.minutes(1)))
struct AdmissionTests {
    @Test func photosWaitUntilTheyFit() {
        var ledger = AdmissionLedger(budget: 100)
        #expect(ledger.request(1, cost: 60) == [1])
        #expect(ledger.request(2, cost: 50) == [])
        #expect(ledger.request(3, cost: 10) == [], "nobody overtakes")
        #expect(!ledger.hasRoom(for: 1))
        #expect(ledger.release(1) == [2, 3])
        #expect(ledger.used == 60)
    }

    @Test func whatExceedsTheBudgetGoesAlone() {
        var ledger = AdmissionLedger(budget: 100)
        #expect(ledger.request(1, cost: 10) == [1])
        #expect(ledger.request(2, cost: 5000) == [])
        #expect(ledger.release(1) == [2])
        #expect(ledger.request(3, cost: 1) == [])
        #expect(ledger.release(2) == [3])
    }

    @Test func growthGoesBeforeNewPhotos() {
        var ledger = AdmissionLedger(budget: 100)
        _ = ledger.request(1, cost: 40)
        _ = ledger.request(2, cost: 40)
        #expect(ledger.request(3, cost: 50) == [])
        #expect(ledger.request(1, cost: 90) == [], "it waits for the other")
        #expect(ledger.release(2) == [1])
        #expect(ledger.release(1) == [3])
    }

    @Test func theLineMovesWhenEverythingWantsToGrow() {
        var ledger = AdmissionLedger(budget: 100)
        _ = ledger.request(1, cost: 50)
        _ = ledger.request(2, cost: 50)
        #expect(ledger.request(1, cost: 80) == [])
        #expect(ledger.request(2, cost: 80) == [1])
        #expect(ledger.release(1) == [2])
    }

    @Test func aShrinkingPhotoMakesRoom() {
        var ledger = AdmissionLedger(budget: 100)
        _ = ledger.request(1, cost: 90)
        _ = ledger.request(2, cost: 50)
        #expect(ledger.request(1, cost: 20) == [1, 2])
    }

    @Test func aShrinkingPhotoWaitsForNobody() {
        var ledger = AdmissionLedger(budget: 100)
        for id in 1...3 { _ = ledger.request(UInt64(id), cost: 30) }
        #expect(ledger.request(1, cost: 60) == [])
        #expect(ledger.request(2, cost: 5) == [2, 1])
    }

    @Test func aHostileHeaderOverflowsNothing() {
        var ledger = AdmissionLedger(budget: 100)
        #expect(ledger.request(1, cost: .max) == [1])
        #expect(ledger.request(2, cost: .max) == [])
        #expect(ledger.release(1) == [2])
    }

    @Test func leavingTheLineLetsTheNextGo() {
        var ledger = AdmissionLedger(budget: 100)
        _ = ledger.request(1, cost: 60)
        _ = ledger.request(2, cost: 90)
        _ = ledger.request(3, cost: 30)
        #expect(ledger.release(2) == [3])
    }

    @Test func neverMoreThanTheBudgetIsInHand() async throws {
        let admission = Admission(budget: 100)
        let used = Gauge()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<200 {
                let cost = 10 + index % 7 * 10
                group.addTask {
                    try await admission.admit(cost: cost) { _ in
                        used.take(cost)
                        await Task.yield()
                        used.giveBack(cost)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(used.peak <= 100)
        #expect(used.peak > 50, "photos overlap")
    }

    @Test func aReservationCountsBeforeItIsUsed() async {
        let admission = Admission(budget: 100)
        #expect(await admission.room(for: 30, upTo: 8) == 3)
        let first = await admission.reserve(cost: 30)
        #expect(await admission.room(for: 30, upTo: 8) == 2)
        let alone = await admission.reserve(cost: .max)
        #expect(await admission.room(for: 1, upTo: 8) == 0, "nobody overtakes who wants to be alone")
        await first.leave()
        #expect(await admission.room(for: 1, upTo: 8) == 0)
        await alone.leave()
        #expect(await admission.room(for: 30, upTo: 8) == 3)
    }

    @Test func aCancelledPhotoLeavesTheLine() async throws {
        let admission = Admission(budget: 10)
        try await admission.admit(cost: 10) { _ in
            let waiting = Task { try await admission.admit(cost: 10) { _ in } }
            while await admission.room(for: 0, upTo: 1) > 0 { await Task.yield() }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
        }
        try await admission.admit(cost: 10) { _ in }
    }

    @Test func closingTurnsAwayWhoWaits() async throws {
        let admission = Admission(budget: 10)
        try await admission.admit(cost: 10) { ticket in
            let waiting = Task { try await admission.admit(cost: 10) { _ in } }
            while await admission.room(for: 0, upTo: 1) > 0 { await Task.yield() }
            await admission.close()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            try await ticket.resize(to: 500)
        }
        await #expect(throws: CancellationError.self) { try await admission.admit(cost: 1) { _ in } }
    }
}
