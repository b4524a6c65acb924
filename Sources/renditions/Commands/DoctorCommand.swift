import ArgumentParser
import Foundation
import RenditionAWS
import RenditionCore
import RenditionLocal

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Looks at everything that a worker needs, and says of each what is wrong and what to do.",
        discussion: """
            The way to S3 and DynamoDB, credentials and clock; buckets, tables and indexes, or the embedded store's \
            folder; what browsers and strangers may read; each action of IAM that a worker needs; and this machine: \
            codecs, sandbox, memory, disks, fonts. It changes nothing and leaves nothing behind. Exit code 1 where \
            something is wrong.
            """)

    @Flag(help: "Print one JSON object a finding.")
    var json = false

    @Option(help: ArgumentHelp("A port of 127.0.0.1 that must be free; may be said more than once.", valueName: "port"))
    var port: [Int] = []

    @Option(
        help: ArgumentHelp("Where a worker is to serve its status page; it must be free.", valueName: "host:port"))
    var http: String?

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var configOptions: ConfigOptions

    func validate() throws {
        for port in port where !(1...65535).contains(port) {
            throw ValidationError("--port takes a number from 1 to 65535.")
        }
    }

    func run() async throws {
        try await Terminal.guarded {
            let settings = try Settings.load([
                .config: configOptions.file, .store: storeOptions.store, .http: http,
            ])
            let report = Report(isJSON: json)
            switch settings.store {
            case .aws:
                let examination = AWSExamination(
                    try settings.aws(), frontend: settings.text(.frontend), cdn: settings.given(.cdnDomain),
                    logger: Parts.logger(settings))
                try await examination.run(report.tell)
            case .local(let directory):
                for check in LocalLook.checks(directory, settings) { try report.tell(await check.run()) }
            }
            for check in MachineLook.checks(settings, ports: port) { try report.tell(await check.run()) }
            if report.hasFoundWrongs { throw Terminal.Status.incomplete }
        }
    }
}

/// Prints findings as they come.
private final class Report {
    private let isJSON: Bool
    private var group: Finding.Group?
    private(set) var hasFoundWrongs = false

    init(isJSON: Bool) { self.isJSON = isJSON }

    func tell(_ findings: [Finding]) throws {
        for finding in findings { try tell(finding) }
    }

    func tell(_ finding: Finding) throws {
        if finding.verdict == .bad { hasFoundWrongs = true }
        if isJSON { return try Terminal.printJSON(finding) }
        if finding.group != group {
            group = finding.group
            Terminal.print(Self.title(finding.group))
        }
        let mark =
            switch finding.verdict {
            case .good: "✓"
            case .bad: "✗"
            case .warning: "!"
            case .unknown: "?"
            }
        Terminal.print("  \(mark) \(finding.subject): \(finding.text)".printable)
        if let remedy = finding.remedy { Terminal.print("    → \(remedy)".printable) }
    }

    private static func title(_ group: Finding.Group) -> String {
        switch group {
        case .connection: "Connection"
        case .storage: "Storage"
        case .browsers: "Browsers and strangers"
        case .permissions: "Permissions"
        case .machine: "This machine"
        }
    }
}
