import ArgumentParser
import RenditionAWS
import RenditionLocal

struct SetupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "setup",
        abstract: "Makes what is missing: buckets, tables, indexes, who may read; or an embedded store's folder.",
        discussion: """
            Doing it again changes nothing, and what others set up is added to and never replaced. It waits until the \
            index holds every record that is there already. With RENDITIONS_FEED=streams the photos table's stream is \
            turned on.

            With ENVIRONMENT=production the tables of photos, galleries and users, the bucket of originals, policies and \
            rules for browsers are left to the platform, unless --platform is said.
            """)

    @Flag(help: "Make what is the platform's own in production too.")
    var platform = false

    @Flag(help: "Say what would be done, and do nothing.")
    var dryRun = false

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var configOptions: ConfigOptions

    func run() async throws {
        try await Terminal.guarded {
            let settings = try Settings.load([.config: configOptions.file, .store: storeOptions.store])
            switch settings.store {
            case .local(let directory): try await makeStore(directory, settings)
            case .aws:
                let configuration = try settings.aws()
                let isProduction = settings.text(.deployment) == Settings.Deployment.production.rawValue
                // In production pages don't stand where they do by default.
                let frontend = isProduction ? settings.given(.frontend) : settings.text(.frontend)
                let plan = SetupPlan(
                    includesPlatform: platform || !isProduction, frontend: frontend,
                    hasCDN: settings.given(.cdnDomain) != nil, isDry: dryRun)
                let place = configuration.endpoint?.text ?? "AWS"
                Terminal.print(
                    "\(dryRun ? "Looking at" : "Setting up") S3 and DynamoDB at \(place), \(configuration.region).")
                try await AWSSetup(configuration, plan, logger: Parts.logger(settings)).run {
                    Terminal.print("  \($0)")
                }
            }
        }
    }

    private func makeStore(_ directory: String, _ settings: Settings) async throws {
        let isThere = LocalExamination(directory: directory).isThere
        if isThere || dryRun {
            return Terminal.print(
                isThere
                    ? "The embedded store in \(directory) is there." : "Would make the embedded store in \(directory).")
        }
        try await Parts.withStore(settings.store, settings, creates: true) { _ in }
        Terminal.print("Made the embedded store in \(directory).")
    }
}
