import ArgumentParser
import Foundation
import Logging
import RenditionCore
import Synchronization

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compares records with objects, both ways, and repairs what differs.",
        discussion: """
            Every record's renditions are asked for and compared with what the record says: missing, of another recipe, of \
            another checksum, with wrong headers. Objects that no record speaks of are looked for with --gallery and --all. \
            Photos in the queue are left to their workers. Exit code 1: something is wrong and wasn't repaired.

            --repair queues photos to be rendered anew, behind fresh uploads; queues what is owed and was never queued; and \
            deletes orphaned renditions whose photo's record is gone or names others. It never touches an original.

              renditions verify --gallery wedding
              renditions verify --all --repair
              renditions verify --user 7f3c… --bytes --repair --now
            """)

    @OptionGroup var scope: ScopeOptions

    @Flag(help: "Repair what can be.")
    var repair = false

    @Flag(help: "With --repair: render in this process instead of leaving it to the fleet.")
    var now = false

    @Flag(help: "Read every rendition, too, and compare its bytes with its checksum: finds damage in the storage.")
    var bytes = false

    @Option(help: ArgumentHelp("How old an object must be to be called orphaned.", valueName: "minutes"))
    var orphanAge = 60

    @Flag(help: "Print one JSON object a problem, and one at the end.")
    var json = false

    @OptionGroup var renderOptions: RenderOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var configOptions: ConfigOptions

    func validate() throws {
        guard try scope.chosen() != nil else {
            throw ValidationError("Which photos? Name their ids, or --gallery, --user or --all.")
        }
        if now, !repair { throw ValidationError("--now goes with --repair.") }
        if !(0...5_256_000).contains(orphanAge) {
            throw ValidationError("--orphan-age takes a number from 0 to 5256000.")
        }
    }

    func run() async throws {
        try await Terminal.guarded {
            guard let scope = try scope.chosen() else { return }
            let settings = try Settings.load([.config: configOptions.file, .store: storeOptions.store])
            let logger = BatchLog.logger(Parts.logger(settings))
            let renderer = try Parts.renderer(settings, inProcess: renderOptions.inProcess, logger: logger)
            try await Parts.withStore(settings.store, settings, creates: false) { store in
                let logos = LogoCache()
                let verification = Verification(
                    store: store, scope: scope,
                    examination: PhotoExamination(
                        store: store,
                        photographers: KnownPhotographers(store, logos: logos, instructions: settings.instructions),
                        instructions: settings.instructions, renderer: renderer.version, readsBytes: bytes),
                    repairs: repair, orphanAge: .seconds(orphanAge * 60)
                ) { [json] problem in
                    if json { try? Terminal.printJSON(problem) } else { Terminal.print(problem.text) }
                }
                let result = try await verification.run()
                if json { try Terminal.printJSON(["summary": result]) } else { Terminal.print(text(result)) }
                if case .photos(let ids) = scope, result.photos < Set(ids).count {
                    Terminal.complain("\(Set(ids).count - result.photos) of these ids have no record.")
                }
                var isIncomplete = result.unrepaired > 0
                if now, !result.queued.isEmpty {
                    isIncomplete =
                        try await render(result.queued, store, settings, renderer, logos, logger) || isIncomplete
                }
                renderer.close()
                if isIncomplete { throw Terminal.Status.incomplete }
            }
        }
    }

    /// Renders here what a repair has queued.
    ///
    /// - Returns: whether some of it was not done.
    private func render(
        _ photos: [PhotoRef], _ store: any PhotoStore, _ settings: Settings, _ renderer: any PhotoRenderer,
        _ logos: LogoCache, _ logger: Logger
    ) async throws -> Bool {
        let tally = RunTally()
        tally.chose(photos.count)
        tally.choseAll()
        let begun = ContinuousClock.now
        let progress = Progress(tally, verb: "rendered")
        let showing = Task { await progress.run() }
        let end = try await RenderHere(
            store: store, settings: settings, renderer: renderer, logos: logos, logger: logger, tally: tally
        ).run { chosen in try await chosen.choose(photos.map { ChosenPhoto($0, isQueued: true) }) }
        showing.cancel()
        await progress.end()
        let summary = await RunSummary(
            tally, run: nil, took: .now - begun, isUnfinished: end.wasStopped, store: store)
        if json { try Terminal.printJSON(["rendered": summary]) } else { Terminal.print(summary.text(here: true)) }
        if end.unfinished > 0 {
            // Threads that still render would be torn down under their feet by an ordinary exit.
            fflush(nil)
            _exit(Terminal.Status.interrupted.rawValue)
        }
        if end.wasStopped { throw Terminal.Status.interrupted }
        return summary.failed > 0
    }

    private func text(_ result: Verification.Result) -> String {
        var parts = ["\(result.photos) photos"]
        if result.objects > 0 { parts.append("\(result.objects) objects") }
        if result.inQueue > 0 { parts.append("\(result.inQueue) in the queue, which weren't looked at") }
        let kinds = result.problems.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        let total = result.problems.values.reduce(0, +)
        let problems = total == 0 ? "no problem" : "\(total) problems (\(kinds.joined(separator: ", ")))"
        let repaired = result.repaired > 0 ? ", \(result.repaired) of them repaired" : ""
        return "\(parts.joined(separator: ", ")): \(problems)\(repaired)."
    }
}
