import ArgumentParser
import Foundation

struct SettingsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings", abstract: "Lists every setting with its range, its default and its value here.")

    @Flag(help: "Print the table that the README holds.")
    var markdown = false

    func run() throws {
        if markdown {
            Terminal.print(Self.markdown)
            return
        }
        let environment = ProcessInfo.processInfo.environment
        var table = TextTable(["setting", "value", "takes", "default"])
        for setting in Setting.all {
            let value = environment[setting.name].flatMap { $0.isEmpty ? nil : $0 } ?? setting.fallback
            table.add([setting.name, value, setting.takes, setting.fallback])
        }
        Terminal.print(table.text)
        do {
            _ = try Settings()
        } catch {
            Terminal.complain("\(error)")
            throw Terminal.Status.configuration
        }
    }

    static var markdown: String {
        let rows = Setting.all.map { setting in
            let fallback =
                setting.name == Setting.threads.name
                ? "cores" : setting.fallback.isEmpty ? "" : "`\(setting.fallback)`"
            return "| `\(setting.name)` | \(setting.takes) | \(fallback) | \(setting.summary) |"
        }
        return (["| setting | takes | default | what it does |", "|---|---|---|---|"] + rows).joined(separator: "\n")
    }
}

extension Setting {
    /// The values it takes, in a few words.
    var takes: String {
        switch kind {
        case .integer(let range, let unit): "\(range.lowerBound)–\(range.upperBound) \(unit)"
        case .choice(let choices): choices.joined(separator: ", ")
        case .text: "text"
        }
    }
}
