import ArgumentParser

/// The option that every command with settings has.
struct ConfigOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "The YAML or JSON file of settings.",
            discussion: "Unset: renditions.yaml, renditions.yml or renditions.json, where there is one.",
            valueName: "file"))
    var file: String?
}
