import ArgumentParser
import RenditionAWS

struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Prints the IAM policy with the least that a worker, or another command, needs.",
        discussion: """
            The tables' and buckets' names, and the region, are those of the settings. Nothing is asked of AWS.

              renditions policy                          # a worker's, as it is set up here
              renditions policy worker import batch      # of one role for all of these
              renditions policy setup platform           # of whoever runs `renditions setup --platform`

            What needs what:
              worker     `worker`, `hook`, `show`, `failed`, `top`; with RENDITIONS_FEED=streams the stream too, with FROM_EMAIL its mail
              streams    a worker's part for that stream
              mail       a worker's part for that mail
              doctor     `doctor`, beside what a worker needs
              import     `import`, and `bench` with a store
              batch      `rerender` and `verify`, beside what a worker needs
              bench      `bench` with a store, beside what a worker and `import` need
              setup      `setup` of what is the worker's own
              platform   `setup --platform`, beside `setup`
            """)

    @Argument(help: "Who needs it. Unset: worker.", completion: .list(Permission.Purpose.allCases.map(\.rawValue)))
    var purposes: [Permission.Purpose] = [.worker]

    @Option(
        help: ArgumentHelp(
            "The account that the tables belong to.", discussion: "Unset: *, that of whoever has the policy.",
            valueName: "digits"))
    var account: String?

    @OptionGroup var configOptions: ConfigOptions

    func validate() throws {
        if let account, account.wholeMatch(of: /[0-9]{12}/) == nil {
            throw ValidationError("--account takes the twelve digits of an account's id.")
        }
    }

    func run() async throws {
        try await Terminal.guarded {
            let settings = try Settings.load([.config: configOptions.file])
            let feed = FeedKind(rawValue: settings.text(.feed)) ?? .poll
            let worker = Permission.Purpose.worker(feed: feed, sendsMail: settings.given(.fromEmail) != nil)
            let needed = Set(purposes + (purposes.contains(.worker) ? worker : []))
            let permissions = Permission.all(settings.tables, settings.buckets).filter { needed.contains($0.purpose) }
            let policy = IAMPolicy(permissions, region: settings.namedRegion, account: account)
            Terminal.print(try policy.json)
        }
    }
}

extension Permission.Purpose: ExpressibleByArgument {}
