import ArgumentParser
import RenditionAWS
import RenditionCore

struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Prints the IAM policy with the least that a worker, or another command, needs.",
        discussion: """
            The tables' and buckets' names, and the region, are those of the settings. Nothing is asked of AWS.

              renditions policy                          # a worker's, as it is set up here
              renditions policy import batch             # of one role for these and a worker
              renditions policy platform                 # of whoever runs `renditions setup --platform`

            What needs what:
              worker     `worker`, `hook`, `show`, `failed`, `top`; with RENDITIONS_FEED=streams the stream
                         too, with FROM_EMAIL its mail
              doctor     a worker's and `doctor`
              import     a worker's and `import`
              batch      a worker's, `rerender` and `verify`
              bench      a worker's, `import` and `bench` with a store
              setup      `setup` of what is the worker's own
              platform   `setup --platform`
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
            let permissions = Permission.needed(
                for: purposes, feed: feed, sendsMail: settings.given(.fromEmail) != nil, settings.tables,
                settings.buckets)
            let policy = IAMPolicy(
                permissions, region: settings.namedRegion, account: account,
                sender: settings.given(.fromEmail).flatMap(MailAddress.init))
            Terminal.print(try policy.json)
        }
    }
}

extension Permission.Purpose: ExpressibleByArgument {}
