import RenditionCore
import Testing

@Suite("The bell", .timeLimit(.minutes(1)))
struct BellTests {
    @Test func ringingEndsAWait() async {
        let bell = Bell()
        let waiting = Task { await bell.wait(atMost: .seconds(600)) }
        while !waiting.isCancelled {
            bell.ring()
            if await finished(waiting) { break }
        }
    }

    private func finished(_ task: Task<Void, Never>) async -> Bool {
        await task.value
        return true
    }

    @Test func aRingBeforeTheWaitIsNotLost() async {
        let bell = Bell()
        bell.ring()
        await bell.wait(atMost: .seconds(600))
    }

    @Test func theShortestWaitEndsToo() async {
        for _ in 0..<2000 { await Bell().wait(atMost: .nanoseconds(1)) }
    }

    @Test func aWaitEndsByItself() async {
        await Bell().wait(atMost: .milliseconds(1))
    }
}
