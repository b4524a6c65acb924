import RenditionCore
import Testing

@Suite("The pace of an idle worker")
struct IdlePaceTests {
    private let pace = IdlePace(floor: .milliseconds(250), ceiling: .seconds(3))

    @Test(arguments: [(0, 250), (5, 250), (20, 1000), (40, 2000), (60, 3000), (86400, 3000)])
    func followsTheSilence(_ silence: Int, _ milliseconds: Int) {
        for _ in 0..<100 {
            let wait = pace.wait(afterSilence: .seconds(silence)) / .milliseconds(milliseconds)
            #expect((0.9...1.1).contains(wait))
        }
    }

    /// A photo that follows another after any time waits for a small part of it.
    @Test func aWaitIsAShareOfTheSilence() {
        for silence in stride(from: 5.0, through: 3600, by: 5) {
            #expect(pace.wait(afterSilence: .seconds(silence)) <= .seconds(silence * 0.055))
        }
    }
}
