import ArgumentParser
import Foundation
import Logging
import RenditionCore
import Synchronization

struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Renders queued photos until told to stop.",
        discussion: """
            SIGTERM or SIGINT ends it in order: photos in hand are finished within the grace period, the rest is \
            handed back, and the exit code is 0. A second signal ends it at once; nothing is lost, and another worker \
            takes over when the leases expire.

            Files of settings are looked at once a second, and at SIGHUP at once: a valid change is taken up with the \
            next photo, an invalid one is refused with its line. `renditions settings` tells which settings only the \
            next start takes up. A terminal that is closed ends the worker in order, unless nohup or setsid started it.
            """)

    @Flag(help: "Exit when no photo is owed any more: none due, none waiting for a retry, none with other workers.")
    var drain = false

    @OptionGroup var threadOptions: ThreadOptions

    @Option(
        help: ArgumentHelp(
            "Where to serve the status page, metrics and the upload hook.",
            discussion: "RENDITIONS_HTTP says the same.",
            valueName: "host:port"))
    var http: String?

    @Flag(help: "Print a table of all photos at the end.")
    var summary = false

    @Flag(help: "Print one JSON object for each photo that was settled.")
    var json = false

    @OptionGroup var renderOptions: RenderOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var configOptions: ConfigOptions

    func validate() throws {
        if summary, json { throw ValidationError("--summary is for people and --json for programs: choose one.") }
    }

    func run() async throws {
        try await Terminal.guarded {
            let terminal = ControllingTerminal()
            let reload = try SettingsReload(flags: [
                .config: configOptions.file, .store: storeOptions.store, .threads: threadOptions.text, .http: http,
            ])
            let settings = reload.settings
            let style = LogStyle(settings)
            let logger = Parts.logger(style)
            let configuration = settings.worker(drain: drain)
            let reports = Mutex<[PhotoReport]>([])
            let unfinished = Mutex(0)
            // Its libraries take a while to start, in which the store is opened.
            let renderer = Task.detached { [inProcess = renderOptions.inProcess] in
                try Parts.renderer(settings, inProcess: inProcess, logger: logger, telling: .info)
            }
            do {
                try await Parts.traced(settings, logger: logger) {
                    try await Parts.withStore(settings.store, settings, creates: true) { store in
                        let worker = Worker(
                            store: store, renderer: try await renderer.value, configuration: configuration,
                            logger: logger
                        ) { [json, summary] report in
                            if json { try? Terminal.printJSON(report) }
                            if summary { reports.withLock { $0.append(report) } }
                        }
                        let greeting =
                            "Worker \(configuration.owner) renders \(configuration.renderWidth) photos at once"
                        let service = StoppableService { [summary = store.summary, mails = store.mail != nil, drain] in
                            logger.info("\(greeting) from the \(summary).")
                            if !mails, settings.given(.fromEmail) != nil {
                                logger.warning("FROM_EMAIL is set, and an embedded store sends no mails.")
                            }
                            // It starts programs to find out, for which no photo waits.
                            Task.detached { Parts.describeFilms(logger) }
                            let reloading = Task {
                                await reload.run(logger: logger) { settings in
                                    style.takeUp(settings)
                                    worker.takeUp(settings.worker(drain: drain))
                                }
                            }
                            defer { reloading.cancel() }
                            let count = await worker.run()
                            unfinished.withLock { $0 = count }
                        } onStop: {
                            worker.stop()
                        }
                        let server = settings.given(.http).flatMap(HTTPAddress.init).map { address in
                            StatusServer(
                                store: store,
                                watched: .init(
                                    status: worker.status, owner: configuration.owner,
                                    threads: configuration.renderWidth, reload: reload),
                                address: address, secret: settings.given(.httpSecret), bucket: settings.buckets.photos,
                                logger: logger
                            )
                        }
                        try await HTTPFault.told(server?.address) {
                            try await SignalledGroup.run(
                                service, beside: server?.service(), logger: logger, terminal: terminal
                            ) {
                                reload.ask()
                            }
                        }
                    }
                }
            } catch {
                // The exit would tear libraries down that are still starting.
                _ = await renderer.result
                throw error
            }
            try await renderer.value.close()
            if summary { Terminal.print(TextTable(reports.withLock { $0.sorted { $0.filename < $1.filename } }).text) }
            if unfinished.withLock({ $0 }) > 0 {
                // Threads that still render would be torn down under their feet by an ordinary exit.
                fflush(nil)
                _exit(0)
            }
        }
    }
}
