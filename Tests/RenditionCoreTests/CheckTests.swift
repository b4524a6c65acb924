import Foundation
import RenditionCore
import RenditionTestKit
import Testing

/// What comes of looks that go wrong themselves.
@Suite("Checks", .timeLimit(.minutes(1)))
struct CheckTests {
    @Test func aLookThatNeverEndsIsLeftBehind() async {
        let gate = Gate()
        let stuck = Check(
            .machine, "a disk", limit: .milliseconds(50),
            blocking: {
                // It heeds no cancellation.
                gate.pass()
                return []
            })
        #expect(await stuck.run() == [Finding(.machine, .unknown, "a disk", "no answer within 0 s")])
        gate.open()
    }

    @Test func aLookThatFailsIsToldWithItsRemedy() async {
        func check(_ code: String) -> Check {
            Check(.storage, "a table") {
                throw RenditionError(
                    code: code, stage: .store, retriable: true, message: "Do this.", detail: "it broke")
            }
        }
        let text = "it couldn't be looked at: it broke"
        #expect(
            await check("unreachable").run() == [Finding(.storage, .unknown, "a table", text, remedy: "Do this.")])
        // What may not even be looked at can't be worked with.
        #expect(await check("access_denied").run() == [Finding(.storage, .bad, "a table", text, remedy: "Do this.")])
    }

    @Test func whoIsCancelledWaitsNoLonger() async {
        let task = Task { try await within(.seconds(3600)) { try await Task.sleep(for: .seconds(3600)) } }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
