import ArgumentParser
import Foundation
import Logging
import RenditionCore
import Synchronization

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures throughput, CPU, memory, requests and the time of each stage on photos of yours.",
        discussion: """
            The photos are imported into a gallery of their own, rendered by the real worker in this process, and \
            removed again. Without --store they go into an embedded store that is made for it below TMPDIR and removed \
            in the end. A store in use is left alone: the worker would render others' photos too.

            CPU and memory are this process's, with the CPU of the programs that it runs for films; an emulator or a \
            database isn't in them. Throughput counts from the first claim to the last photo's end. One photo is \
            rendered beforehand and not counted.
            """)

    @Argument(help: "Files and folders.")
    var paths: [String]

    @Option(help: "The store: local:DIR, or aws. Unset: an embedded store of the benchmark's own.")
    var store: String?

    @Option(help: "Photos a round: the files in turn, again and again. Unset: each file once.")
    var photos: Int?

    @Option(help: "Photos rendered at once.")
    var threads: Int?

    @Option(help: "How often to measure. Unset: 3 where things are measured in turn, else 1.")
    var rounds: Int?

    @Option(help: "The most photos in hand, with memory for as many of 24 megapixels. Unset: as in the worker.")
    var inFlight: Int?

    @Flag(help: "Measure rendering alone, without a store.")
    var renderOnly = false

    @Flag(help: "Measure rendering alone and end to end in turn: how much the worker takes beside rendering.")
    var overhead = false

    @Flag(help: "Measure rendering alone with 1 thread, 2 and so on up to --threads, in turn.")
    var scaling = false

    @Flag(help: "Print everything as JSON.")
    var json = false

    @Option(help: ArgumentHelp("Print what changed since what --json wrote into a file.", valueName: "file"))
    var compare: String?

    @Option(help: ArgumentHelp("Draw the stages into an .svg or a .png file.", valueName: "file"))
    var chart: String?

    @OptionGroup var configOptions: ConfigOptions

    func validate() throws {
        for (name, value, range) in [
            ("--photos", photos, 1...1_000_000), ("--threads", threads, 1...1024), ("--rounds", rounds, 1...1000),
            ("--in-flight", inFlight, 1...10_000),
        ] {
            if let value, !range.contains(value) {
                throw ValidationError("\(name) takes a number from \(range.lowerBound) to \(range.upperBound).")
            }
        }
        if [renderOnly, overhead, scaling].count(where: { $0 }) > 1 {
            throw ValidationError("--render-only, --overhead and --scaling each measure something else: choose one.")
        }
        if kind == .rendering || kind == .scaling, store != nil || inFlight != nil {
            throw ValidationError("--store and --in-flight are for the worker, which doesn't run here.")
        }
        if let chart, ChartFile(chart) == nil { throw ValidationError("--chart takes a name in .svg or .png.") }
        if kind == .scaling, chart != nil || compare != nil {
            throw ValidationError("--scaling measures no stages that could be drawn or compared.")
        }
    }

    private var kind: BenchPlan.Kind {
        scaling ? .scaling : overhead ? .overhead : renderOnly ? .rendering : .endToEnd
    }

    func run() async throws {
        try await Terminal.guarded {
            let before = try earlier()
            var settings = try load()
            // The worker has a line for each photo, which is too much here.
            if settings.given(.logLevel) == nil { settings = try load(logLevel: "warning") }
            let files = try FileSearch.photos(in: paths)
            let plan = BenchPlan(
                kind: kind, files: BenchPlan.files(files, repeatedTo: photos),
                rounds: rounds ?? (overhead || scaling ? 3 : 1), threads: settings.integer(.threads),
                inFlight: inFlight)
            var result = try await BenchRun(plan, settings, store: store.map { _ in settings.store }).result()
            result.comparison = before.flatMap { BenchComparison(result, with: $0) }
            try report(result)
            if before != nil, result.comparison == nil {
                Terminal.complain("\(compare ?? "") measured nothing of this kind; nothing was compared.")
            }
            if result.failed > 0 { throw Terminal.Status.incomplete }
        }
    }

    private func load(logLevel: String? = nil) throws -> Settings {
        try Settings.load([
            .config: configOptions.file, .store: store, .threads: threads.map { "\($0)" }, .logLevel: logLevel,
        ])
    }

    /// What is to be compared with.
    private func earlier() throws -> BenchResult? {
        do {
            return try compare.map(BenchResult.read)
        } catch let error as BenchResult.Unreadable {
            Terminal.complain(error.description)
            throw Terminal.Status.noInput
        }
    }

    private func report(_ result: BenchResult) throws {
        if json {
            try Terminal.printJSON(result, pretty: true)
        } else {
            Terminal.print(BenchText(result).text)
        }
        guard let chart, let file = ChartFile(chart), let drawing = StageChart(result) else { return }
        do {
            try file.write(drawing)
        } catch {
            Terminal.complain("\(chart) could not be written: \(error)")
            throw Terminal.Status.storeFailed
        }
    }
}
