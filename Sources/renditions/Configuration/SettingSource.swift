import Configuration

/// One place where settings are given, with what it says.
struct SettingSource: Sendable {
    struct Entry: Sendable {
        let text: String
        /// Where it stands, such as `.env:3`.
        let place: String
    }

    /// As `renditions settings` prints it, such as `.env`.
    let name: String
    /// What it says, by name. An empty text says nothing.
    let entries: [String: Entry]

    private init(_ name: String, _ entries: [String: Entry]) {
        self.name = name
        self.entries = entries.filter { !$0.value.text.isEmpty }
    }

    /// Flags of the command line; nil for one that isn't there.
    static func flags(_ flags: KeyValuePairs<Setting, String?>) -> SettingSource {
        var entries: [String: Entry] = [:]
        for (setting, text) in flags {
            entries[setting.name] = text.map { Entry(text: $0, place: setting.flag ?? "the command line") }
        }
        return SettingSource("flag", entries)
    }

    /// - Throws: ``SettingError`` for a name that looks like a setting of this command and is none.
    static func environment(_ variables: [String: String]) throws -> SettingSource {
        for name in variables.keys.sorted() { try refuseUnknown(name, in: "the environment") }
        return SettingSource("environment", variables.mapValues { Entry(text: $0, place: "the environment") })
    }

    /// A file of environment variables, in which the backend's own may stand beside the settings.
    ///
    /// - Returns: nil where there is no such file.
    /// - Throws: ``SettingError`` for what can't be read, and for a name that looks like a setting of this command and
    ///   is none.
    static func dotEnv(_ file: String, in files: inout SettingFiles) throws -> SettingSource? {
        guard let text = try files.text(of: file) else { return nil }
        let assignments = try DotEnv.parse(text, file: file)
        for assignment in assignments { try refuseUnknown(assignment.name, in: "\(file):\(assignment.line)") }
        return SettingSource(file, assignments)
    }

    /// A YAML or JSON file of settings.
    ///
    /// - Returns: nil where there is no such file.
    /// - Throws: ``SettingError`` for what can't be read, and for every key that is no setting.
    static func file(_ file: String, in files: inout SettingFiles) throws -> SettingSource? {
        guard let text = try files.text(of: file) else { return nil }
        return SettingSource(file, try SettingsFile.parse(text, file: file))
    }

    private init(_ file: String, _ assignments: [Assignment]) {
        let entries = assignments.map { ($0.name, Entry(text: $0.value, place: "\(file):\($0.line)")) }
        self.init(file, Dictionary(entries) { _, later in later })
    }

    private static func refuseUnknown(_ name: String, in place: String) throws {
        if name.hasPrefix(Setting.prefix), Setting.named(name) == nil { throw SettingError.unknown(name, in: place) }
    }

    /// The settings among what it says, and nothing else of it.
    var provider: InMemoryProvider {
        let settings = Setting.all.compactMap { setting in
            entries[setting.name].map {
                (AbsoluteConfigKey([setting.name]), ConfigValue(.string($0.text), isSecret: setting.isSecret))
            }
        }
        return InMemoryProvider(name: name, values: Dictionary(uniqueKeysWithValues: settings))
    }
}
