import ArgumentParser
import Foundation
import Logging
import RenditionCore

struct RerenderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rerender",
        abstract: "Renders many photos anew: a gallery's, a user's, some, or all.",
        discussion: """
            It queues them behind fresh uploads and follows the queue until the last has ended; the fleet renders. What is \
            current by its recipe is asked for and left alone, and never downloaded.

              renditions rerender --gallery wedding --dry-run      # what it would take
              renditions rerender --gallery wedding
              renditions rerender --user 7f3c… --stale             # after a change of the watermark
              renditions rerender --all --missing --taken-from 2026-06-01 --taken-to 2026-06-30
              renditions rerender --gallery wedding --force --now  # in this process
              renditions rerender --resume                         # after Ctrl-C

            Dates include both ends. A date without a time is that whole day in UTC, and so is a camera's local time that \
            doesn't say where it was.
            """)

    @OptionGroup var scope: ScopeOptions

    @Option(help: ArgumentHelp("Only photos taken on this date or later.", valueName: "date"))
    var takenFrom: String?

    @Option(help: ArgumentHelp("Only photos taken on this date or earlier.", valueName: "date"))
    var takenTo: String?

    @Option(help: ArgumentHelp("Only photos uploaded on this date or later.", valueName: "date"))
    var uploadedFrom: String?

    @Option(help: ArgumentHelp("Only photos uploaded on this date or earlier.", valueName: "date"))
    var uploadedTo: String?

    @Option(help: "Only photos whose record has this status, such as failed.")
    var status: String?

    @Flag(help: "Only photos of which a rendition or a field of the record isn't there.")
    var missing = false

    @Flag(
        help:
            "Only photos that would be rendered otherwise now: settings, watermark, original or renderer have changed.")
    var stale = false

    @Flag(help: "Render even what is current.")
    var force = false

    @Flag(help: "Print what it would take and do nothing.")
    var dryRun = false

    @Flag(help: "Render in this process instead of queueing for the fleet.")
    var now = false

    @Flag(name: .customLong("resume"), help: "Go on with the newest run of this store that was not finished.")
    var resumesNewest = false

    @Option(name: .customLong("resume-run"), help: ArgumentHelp("Go on with this run.", valueName: "run"))
    var resumedRun: String?

    @Flag(help: "Queue, and don't follow.")
    var detach = false

    @Flag(help: "Print one JSON object a photo that ended, and one at the end.")
    var json = false

    @OptionGroup var threadOptions: ThreadOptions

    @Option(help: ArgumentHelp("The folder in which runs are kept for --resume.", valueName: "dir"))
    var runs: String?

    @OptionGroup var renderOptions: RenderOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var configOptions: ConfigOptions

    func validate() throws {
        do {
            _ = try ranges()
        } catch let error as MomentRange.Unreadable {
            throw ValidationError(error.description)
        }
        if isResuming {
            let isNarrowed = [takenFrom, takenTo, uploadedFrom, uploadedTo, status].contains { $0 != nil }
            guard try scope.chosen() == nil, !isNarrowed, !missing, !stale, !force, !now, !dryRun else {
                throw ValidationError("A run is resumed as it was begun: --resume takes no other choice of photos.")
            }
        } else if try scope.chosen() == nil {
            throw ValidationError(
                "Which photos? Name their ids, or --gallery, --user or --all; --resume goes on with a run.")
        }
        if now, detach { throw ValidationError("--now renders here and --detach leaves at once: choose one.") }
    }

    private var isResuming: Bool { resumesNewest || resumedRun != nil }

    private func ranges() throws -> (taken: MomentRange?, uploaded: MomentRange?) {
        (try MomentRange(from: takenFrom, to: takenTo), try MomentRange(from: uploadedFrom, to: uploadedTo))
    }

    private func plan() throws -> RerenderPlan? {
        guard !isResuming, let scope = try scope.chosen() else { return nil }
        let (taken, uploaded) = try ranges()
        return RerenderPlan(
            scope: scope, taken: taken, uploaded: uploaded, status: status, missing: missing, stale: stale,
            force: force,
            now: now)
    }

    func run() async throws {
        try await Terminal.guarded {
            var settings = try load()
            // The worker has a line for each photo, which the progress tells already.
            if settings.given(.logLevel) == nil { settings = try load(logLevel: "warning") }
            let run = settings
            let logger = BatchLog.logger(Parts.logger(settings))
            let renderer = try Parts.renderer(settings, inProcess: renderOptions.inProcess, logger: logger)
            do {
                try await Parts.withStore(settings.store, settings, creates: false) { store in
                    try await go(store, run, renderer, logger)
                }
            } catch let problem as RunJournal.Problem {
                Terminal.complain(problem.description)
                throw Terminal.Status.noInput
            }
        }
    }

    private func load(logLevel: String? = nil) throws -> Settings {
        try Settings.load([
            .config: configOptions.file, .store: storeOptions.store, .threads: threadOptions.text, .runs: runs,
            .logLevel: logLevel,
        ])
    }

    private func go(
        _ store: any PhotoStore, _ settings: Settings, _ renderer: any PhotoRenderer, _ logger: Logger
    ) async throws {
        let folder = RunPlace.folder(settings.given(.runs), settings.environment)
        let place = RunPlace.store(settings)
        let logos = LogoCache()
        func selection(_ plan: RerenderPlan) -> PhotoSelection {
            PhotoSelection(
                store: store, plan: plan,
                photographers: KnownPhotographers(store, logos: logos, instructions: settings.instructions),
                instructions: settings.instructions, renderer: renderer.version)
        }
        let wanted = try plan()
        if dryRun, let wanted {
            let estimate = try await DryRun(
                selection: selection(wanted), store: store, settings: settings,
                pace: RenderPace.last(in: folder) ?? .benchmark, isFollowed: !now && !detach
            ).estimate()
            if json { try Terminal.printJSON(estimate) } else { Terminal.print(estimate.text) }
            return
        }
        let journal: RunJournal
        if let wanted {
            journal = try .begin(in: folder, store: place, plan: wanted, at: store.clock.now)
        } else {
            journal = try .resume(resumedRun, in: folder, store: place)
        }
        let plan = journal.header.plan
        let begun = ContinuousClock.now
        var onLine: (@Sendable (RunTally.Line) -> Void)?
        if json { onLine = { line in try? Terminal.printJSON(line) } }
        let tally = RunTally(onLine: onLine)
        let run = RerenderRun(
            journal: journal, selection: selection(plan), store: store, tally: tally, logger: logger)
        let progress = Progress(tally, verb: plan.now ? "rendered" : detach ? "queued" : "done", isQueueing: detach)
        let showing = Task { await progress.run() }
        var end = RenderHere.End()
        do {
            if plan.now {
                let usage = ProcessUsage.now
                let here = RenderHere(
                    store: store, settings: settings, renderer: renderer, logos: logos, logger: logger, tally: tally)
                end = try await run.renderHere(here)
                // Render processes' time counts once they have ended.
                renderer.close()
                RenderPace(tally.counts, used: ProcessUsage.now - usage)?.keep(in: folder)
            } else {
                end.wasStopped = try await run.queue(detaching: detach)
            }
        } catch {
            showing.cancel()
            await progress.end()
            Terminal.complain("The run \(journal.header.run) is not finished: renditions rerender --resume goes on.")
            throw error
        }
        showing.cancel()
        await progress.end()
        if !end.wasStopped { journal.remove() }
        let summary = await RunSummary(
            tally, run: journal.header.run, took: .now - begun, isUnfinished: end.wasStopped || detach, store: store)
        if json {
            try Terminal.printJSON(["summary": summary])
        } else if detach, !end.wasStopped {
            Terminal.print("\(summary.chosen - summary.done - summary.failed) photos are in the queue.")
        } else {
            Terminal.print(summary.text(here: plan.now))
        }
        if end.wasStopped {
            Terminal.complain("Stopped. renditions rerender --resume goes on with the run \(journal.header.run).")
        }
        if end.unfinished > 0 {
            // Threads that still render would be torn down under their feet by an ordinary exit.
            fflush(nil)
            _exit(Terminal.Status.interrupted.rawValue)
        }
        if end.wasStopped { throw Terminal.Status.interrupted }
        if summary.failed > 0 { throw Terminal.Status.incomplete }
    }
}
