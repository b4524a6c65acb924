import ArgumentParser
import RenditionAWS

struct SetupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "setup",
        abstract: "Makes what the worker needs in DynamoDB: its own table, and an index on the photos table.",
        discussion: """
            It waits until the index holds every record that is there already. Doing it again changes nothing. The \
            photos table and the buckets are the platform's own; with RENDITIONS_FEED=streams the photos table's stream \
            is turned on. An embedded store needs no setup.
            """)

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var configOptions: ConfigOptions

    func run() async throws {
        try await Terminal.guarded {
            let settings = try Settings.load([.config: configOptions.file, .store: storeOptions.store])
            guard settings.store == .aws else {
                Terminal.print("An embedded store needs no setup.")
                return
            }
            try await Parts.withAWSStore(settings, checksTables: false) { store in
                Terminal.print("Setting up the \(store.summary).")
                try await store.setup { Terminal.print("  \($0)") }
            }
        }
    }
}
