import Foundation
import RenditionAWS
import RenditionCore
import RenditionLocal
import RenditionTestKit
import RenditionVips
import Testing

@testable import renditions

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// What a benchmark makes of what it measured.
@Suite("The benchmark's arithmetic and drawings")
struct BenchPartsTests {
    // MARK: Percentiles

    @Test(arguments: [
        ([], 50, 0), ([7], 99, 7), ([3, 1, 2], 50, 2), ([1, 2], 50, 1.5), ([4, 2, 1, 3], 100, 4), ([5, 1], 0, 1),
        (Array(stride(from: 0.0, through: 100, by: 1)), 99, 99), ([0, 10], 90, 9),
    ])
    func percentiles(_ values: [Double], _ percent: Double, _ expected: Double) {
        #expect(Distribution(values).percentile(percent) == expected)
    }

    // MARK: Measurements

    private func report(_ stages: [(StageTimes.Stage, Int)], _ outcome: PhotoReport.Outcome = .done) -> PhotoReport {
        var report = PhotoReport(photo: "p", gallery: "g", filename: "p.jpg", attempt: 1, outcome: outcome)
        for (stage, milliseconds) in stages { report.stages.add(stage, .milliseconds(milliseconds)) }
        report.bytes = 1000
        return report
    }

    private func turn(_ reports: [PhotoReport], seconds: Int, cpu: Double) -> Turn {
        Turn(
            reports: reports, wall: .seconds(seconds), usage: ProcessUsage(user: cpu * 0.75, system: cpu * 0.25),
            peakMemory: 1 << 20)
    }

    @Test func aMeasurementIsTheMedianOfItsRounds() {
        let photos = Array(repeating: report([(.fetch, 10)]), count: 4)
        let turns = [(10, 4.0), (20, 6.0), (40, 8.0)].map { turn(photos, seconds: $0.0, cpu: $0.1) }
        let measured = Measured(turns, threads: 2)
        #expect(measured.photosPerMinute == 12)
        #expect(measured.cpuSecondsPerPhoto == 1.5)
        #expect(measured.userSecondsPerPhoto == 1.125)
        #expect(measured.busyShare == 0.15)
        #expect(measured.bytesInPerPhoto == 1000)
        #expect(measured.photos == 12)
    }

    @Test func sharesAreOfTheWorkAndNotOfTheWait() throws {
        let reports = [
            report([(.wait, 900), (.fetch, 10), (.publish, 20)]),
            report([(.fetch, 30), (.publish, 40), (.orient, 100)]),
        ]
        let stages = Measured([turn(reports, seconds: 1, cpu: 1)], threads: 1).stages
        #expect(stages.map(\.name) == ["wait", "fetch", "orient + adjust", "publish"])
        #expect(zip(stages.map(\.share), [0, 0.2, 0.5, 0.3]).allSatisfy { abs($0 - $1) < 1e-9 })
        #expect(stages.map(\.p50) == [900, 20, 100, 30])
        #expect(stages.map(\.photos) == [1, 2, 1, 2])
    }

    @Test func requestsAreCountedByThePhoto() throws {
        let meter = RequestMeter.Count(requests: 6, retries: 2, units: 9)
        var turn = turn([report([]), report([], .failed)], seconds: 1, cpu: 1)
        turn.requests = ["S3 PutObject": meter]
        let measured = Measured([turn, turn], threads: 1)
        #expect(measured.requestsPerPhoto == ["S3 PutObject": .init(requests: 3, retries: 1, units: 4.5)])
        #expect(measured.failed == 2)
    }

    @Test(arguments: [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6]), (8, [1, 2, 4, 8])])
    func threadsAreDoubledUpToAll(_ threads: Int, _ widths: [Int]) {
        #expect(BenchPlan(kind: .scaling, files: [], rounds: 1, threads: threads).widths == widths)
    }

    // MARK: Results

    private func result(
        _ stages: [(StageTimes.Stage, Int)], threads: Int = 2, photos: Int = 2, software: [String: String] = [:]
    ) throws -> BenchResult {
        let settings = try Settings(SettingSources([.environment([:])]))
        let plan = BenchPlan(
            kind: .endToEnd, files: Array(repeating: .init(path: "/x/a & <b>.jpg", bytes: 5), count: photos), rounds: 1,
            threads: threads)
        var surroundings = Surroundings(plan, settings, memoryBudget: 1, store: "s", renderer: "r")
        surroundings.software.merge(software) { $1 }
        var result = BenchResult(surroundings, date: Date(timeIntervalSince1970: 0))
        let reports = Array(repeating: report(stages), count: photos)
        result.endToEnd = Measured([turn(reports, seconds: 1, cpu: 1)], threads: threads)
        return result
    }

    @Test func whatChangedIsSaidByStageAndInPercent() throws {
        let before = try result([(.fetch, 20), (.publish, 10), (.sketch, 5)])
        let now = try result([(.fetch, 25), (.publish, 5), (.probe, 7)])
        let comparison = try #require(BenchComparison(now, with: before))
        let percents = Dictionary(uniqueKeysWithValues: comparison.stages.map { ($0.name, $0.percent) })
        #expect(percents == ["fetch": 25, "publish": -50, "probe": Double?.none, "sketch": -100])
        #expect(comparison.differences.isEmpty)
        var printed = now
        printed.comparison = comparison
        #expect(BenchText(printed).text.contains(/fetch, p50 ms +20\.0 +25\.0 +\+25\.0/))
    }

    @Test func whatCannotBeComparedIsSaid() throws {
        let before = try result([], threads: 1, photos: 3, software: ["libvips": "7"])
        let now = try result([], software: ["libvips": "8"])
        let differences = try #require(BenchComparison(now, with: before)).differences
        #expect(
            differences == [
                "photos a round: 3 before, 2 now", "the corpus is another one", "render threads: 1 before, 2 now",
                "libvips: 7 before, 8 now",
            ])
        var other = before
        (other.rendering, other.endToEnd) = (other.endToEnd, nil)
        #expect(BenchComparison(now, with: other) == nil)
    }

    @Test func overheadIsTheMedianOfTheRoundsRatios() {
        func measured(_ cpu: [Double]) -> Measured {
            Measured(cpu.map { turn([report([])], seconds: 1, cpu: $0) }, threads: 1)
        }
        let overhead = BenchResult.Overhead(measured([2, 3, 9]), measured([1, 2, 3]))
        #expect(overhead.rounds == [2, 1.5, 3])
        #expect(overhead.ratio == 2)
    }

    @Test func aResultIsReadAsItWasPrinted() throws {
        let folder = TestFolder()
        let printed = try result([(.fetch, 20), (.encode("large"), 7)])
        let path = try folder.write("a.json", Array(try JSONEncoder().encode(printed)))
        let read = try BenchResult.read(path)
        #expect(read == printed)
        #expect(BenchComparison(read, with: printed)?.stages.map(\.percent) == [0, 0])
    }

    @Test(arguments: [
        (nil, "can't be read"), ("no JSON", "not what"), ("{}", "not what"), (#"{"format":999}"#, "another version"),
    ])
    func filesThatAreNoResultAreNamed(_ text: String?, _ expected: String) throws {
        let folder = TestFolder()
        let path = folder.path("a.json")
        if let text { try folder.write("a.json", Array(text.utf8)) }
        let error = #expect(throws: BenchResult.Unreadable.self) { try BenchResult.read(path) }
        #expect(error?.description.contains(expected) == true && error?.description.contains(path) == true)
    }

    // MARK: Drawings

    @Test func aBarBeginsWhereTheOneBeforeEnded() {
        #expect(StageTable.bar(from: 0, share: 0.25) == String(repeating: "█", count: 10))
        #expect(StageTable.bar(from: 0.5, share: 0.0125) == String(repeating: " ", count: 20) + "▌")
        #expect(StageTable.bar(from: 0.5, share: 0) == "")
        #expect(StageTable.bar(from: 0, share: 1e-6) == "▏", "what took time is seen")
    }

    @Test(arguments: [0.001, 0.7, 3, 12, 99, 1234, 98765])
    func thereAreSomeRoundTicks(_ longest: Double) {
        let ticks = StageChart.ticks(to: longest)
        #expect((4...10).contains(ticks.count), "\(ticks)")
        #expect(ticks.allSatisfy { $0 <= longest })
    }

    @Test func theChartIsWellFormedAndHasEachStageOnce() throws {
        var result = try result([(.wait, 5), (.fetch, 20), (.publish, 10)])
        result.endToEnd?.stages[1].name = "a < b & c"
        let document = ChartElements(try #require(StageChart(result)).svg)
        #expect(document.isWellFormed)
        #expect(document.texts.count { $0 == "a < b & c" } == 1)
        #expect(document.texts.contains("publish"))
        #expect(!document.texts.contains("wait"), "how long a line is says nothing of the work")
        #expect(document.names.count { $0 == "p50" } == 2 + 1, "a bar a stage, and the legend's")
    }

    @Test func theChartIsDrawnAsPNG() throws {
        let chart = try #require(StageChart(try result([(.fetch, 20), (.encode("large"), 100)])))
        let folder = TestFolder()
        try #require(ChartFile(folder.path("a.png"))).write(chart)
        let bytes = Array(try #require(FileManager.default.contents(atPath: folder.path("a.png"))))
        let probe = try CascadeRenderer().probe(bytes, limits: RenderLimits())
        #expect(probe.format == .png)
        #expect(probe.stored.width == 1720)
        #expect(ChartFile("a.jpg") == nil)
    }
}

/// The elements of a drawing.
private final class ChartElements: NSObject, XMLParserDelegate {
    private(set) var isWellFormed = false
    /// Of `text` elements, in order.
    private(set) var texts: [String] = []
    /// The classes of all elements.
    private(set) var names: [String] = []
    private var isText = false

    init(_ svg: String) {
        super.init()
        let parser = XMLParser(data: Data(svg.utf8))
        parser.delegate = self
        isWellFormed = parser.parse()
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        isText = name == "text"
        if isText { texts.append("") }
        if let name = attributes["class"] { names.append(name) }
    }

    func parser(_ parser: XMLParser, foundCharacters characters: String) {
        if isText { texts[texts.count - 1] += characters }
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        isText = false
    }
}
