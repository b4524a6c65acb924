import ArgumentParser

struct SettingsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings",
        abstract: "Lists every setting with its value here, where that was said, its range and its default.")

    @Flag(help: "Print the table that the README holds.")
    var markdown = false

    @OptionGroup var configOptions: ConfigOptions

    func run() async throws {
        if markdown {
            Terminal.print(Self.markdown)
            return
        }
        try await Terminal.guarded {
            var files = SettingFiles()
            let sources = try SettingSources.read(flags: [.config: configOptions.file], files: &files)
            var table = TextTable(["setting", "value", "source", "takes", "default", "worker"])
            for setting in Setting.all {
                let value = sources.values[setting.name]
                let text = setting.shown(value?.text ?? setting.fallback)
                table.add([
                    setting.name, text, value?.source ?? "default", setting.takes, setting.fallback,
                    setting.uptake.rawValue,
                ])
            }
            Terminal.print(table.text)
            // The table is there to find a wrong value by, so it comes first.
            _ = try Settings(sources)
        }
    }

    static var markdown: String {
        let rows = Setting.all.map { setting in
            let fallback =
                setting.name == Setting.threads.name
                ? "cores" : setting.fallback.isEmpty ? "" : "`\(setting.fallback)`"
            return
                "| `\(setting.name)` | \(setting.takes) | \(fallback) | \(setting.uptake.rawValue) | \(setting.summary) |"
        }
        return (["| setting | takes | default | worker | what it does |", "|---|---|---|---|---|"] + rows).joined(
            separator: "\n")
    }
}
