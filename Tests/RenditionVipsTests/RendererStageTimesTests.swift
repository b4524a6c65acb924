import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

/// The renderer tells where its time goes.
@Suite("The renderer's stage times")
struct RendererStageTimesTests {
    @Test func theyCoverTheRendering() throws {
        let began = ContinuousClock.now
        let times = try Rendering.render(Corpus.samples.bytes("DSC_0001.JPG")).times
        let elapsed = ContinuousClock.now - began
        #expect(times.total <= elapsed)
        #expect(times.total > elapsed / 2, "\(times)")
    }

    @Test func everySizeHasItsOwn() throws {
        let times = try Rendering.render(Corpus.samples.bytes("DSC_0001.JPG")).times
        for size in RenditionSize.all { #expect(times[.encode(size.name)] > .zero) }
        #expect(times.durations.keys.allSatisfy(StageTimes.Stage.inOrder.contains), "\(times)")
    }

    @Test func aTurnIsToldApartFromColour() throws {
        let names = ["orientation-1.jpg", "orientation-6.jpg"]
        // Adjusted photos go on as RGB after the first reduction.
        let brighter = RenderInstructions(adjustments: ColorAdjustments(brightness: 1.1))
        let turns = try names.map { try Rendering.render(Corpus.samples.bytes($0), as: brighter).times[.orient] }
        #expect(turns[0] == .zero)
        #expect(turns[1] > .zero)
    }
}
