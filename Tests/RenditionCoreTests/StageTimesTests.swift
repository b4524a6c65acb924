import Foundation
import RenditionCore
import Testing

@Suite("Stage times")
struct StageTimesTests {
    private struct Refusal: Error {}

    @Test func aStageAddsUp() {
        var times = StageTimes()
        times.add(.decode, .milliseconds(3))
        times.add(.decode, .milliseconds(4))
        var others = StageTimes()
        others.add(.decode, .milliseconds(1))
        others.add(.encode("large"), .milliseconds(2))
        times.add(others)
        #expect(times[.decode] == .milliseconds(8))
        #expect(times[.encode("large")] == .milliseconds(2))
        #expect(times[.resize] == .zero)
        #expect(times.total == .milliseconds(10))
    }

    @Test func whatFailsIsNotMeasured() throws {
        var times = StageTimes()
        #expect(try times.measure(.decode) { () throws in 7 } == 7)
        #expect(throws: Refusal.self) { try times.measure(.resize) { throw Refusal() } }
        #expect(times.durations.keys.map(\.name) == ["decode"])
    }

    @Test func asJSONTheyAreMillisecondsByName() throws {
        var times = StageTimes()
        times.add(.encode("large"), .microseconds(1500))
        let data = try JSONEncoder().encode(times)
        #expect(String(decoding: data, as: UTF8.self) == #"{"encode large":1.5}"#)
        #expect(try JSONDecoder().decode(StageTimes.self, from: data) == times)
    }
}
