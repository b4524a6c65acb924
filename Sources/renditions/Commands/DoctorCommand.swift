import ArgumentParser
import RenditionAWS
import RenditionCore

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Looks whether strangers may read renditions and nothing else, and says what to do.",
        discussion: """
            It asks the object store as somebody without a key would. Exit code 1 where something is wrong.
            """)

    @Flag(help: "Print one JSON object a finding.")
    var json = false

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var configOptions: ConfigOptions

    func run() async throws {
        try await Terminal.guarded {
            let settings = try Settings.load([.config: configOptions.file, .store: storeOptions.store])
            var findings: [Finding] = []
            if settings.store == .aws {
                try await Parts.withAWSStore(settings, checksTables: false) { store in
                    if !json { Terminal.print("Looking at the \(store.summary).") }
                    findings = try await store.examine()
                }
            } else {
                findings = [
                    Finding(
                        .good, "originals, \(settings.buckets.photos)",
                        "`renditions gallery` serves the renditions' bucket and no other; who may read the folder itself is "
                            + "the file system's to say")
                ]
            }
            for finding in findings { try tell(finding) }
            if findings.contains(where: { $0.verdict == .bad }) { throw Terminal.Status.incomplete }
        }
    }

    private func tell(_ finding: Finding) throws {
        if json { return try Terminal.printJSON(finding) }
        let mark =
            switch finding.verdict {
            case .good: "✓"
            case .bad: "✗"
            case .unknown: "?"
            }
        Terminal.print("  \(mark) \(finding.subject): \(finding.text)")
        if let remedy = finding.remedy { Terminal.print("    \(remedy)") }
    }
}
