import Configuration
import Foundation
import Synchronization

/// All places where settings are given, from the one that counts most to the one that counts least.
struct SettingSources: Sendable {
    /// What counts for a setting.
    struct Value: Sendable {
        let text: String
        /// The source's name, such as `.env`.
        let source: String
        /// Where it stands, such as `.env:3`.
        let place: String
    }

    /// What counts, by the name of the setting; none for a setting that nothing is said of.
    let values: [String: Value]

    /// The process's environment, and beneath it what the files add, for AWS's credential chain; flags go first in it.
    /// Empty values are left out.
    let environment: [String: String]

    /// - Parameter sources: The one that counts most first.
    init(_ sources: [SettingSource]) {
        values = Self.values(Setting.all, in: sources)
        environment = sources.reduce(into: [:]) { all, source in
            all.merge(source.entries.mapValues(\.text)) { upper, _ in upper }
        }
    }

    /// Reads flags, the environment, `.env.local`, `.env`, and the YAML or JSON file.
    ///
    /// - Parameters:
    ///   - flags: What the command line says; nil for a flag that isn't there.
    ///   - files: What was read already; what else is looked for is added.
    /// - Throws: ``SettingError`` for a file that isn't there or can't be read, and for an unknown name.
    static func read(flags: KeyValuePairs<Setting, String?>, files: inout SettingFiles) throws -> SettingSources {
        var sources = [SettingSource.flags(flags), try .environment(ProcessInfo.processInfo.environment)]
        for file in [".env.local", ".env"] {
            if let source = try SettingSource.dotEnv(file, in: &files) { sources.append(source) }
        }
        let named = values([.config], in: sources)[Setting.config.name]
        if let file = try file(named, in: &files) { sources.append(file) }
        return SettingSources(sources)
    }

    private static func file(_ named: Value?, in files: inout SettingFiles) throws -> SettingSource? {
        if let named {
            if let source = try SettingSource.file(named.text, in: &files) { return source }
            throw SettingError("\(Setting.config.name) is \"\(named.text)\" in \(named.place); there is no such file.")
        }
        for name in SettingsFile.names {
            if let source = try SettingSource.file(name, in: &files) { return source }
        }
        return nil
    }

    private static func values(_ settings: [Setting], in sources: [SettingSource]) -> [String: Value] {
        let answer = LastAnswer()
        let reader = ConfigReader(providers: sources.map(\.provider), accessReporter: answer)
        var values: [String: Value] = [:]
        for setting in settings {
            guard let text = reader.string(forKey: ConfigKey([setting.name]), isSecret: setting.isSecret) else {
                continue
            }
            let source = sources[answer.index]
            let place = source.entries[setting.name]?.place ?? source.name
            values[setting.name] = Value(text: text, source: source.name, place: place)
        }
        return values
    }
}

/// Remembers which of a reader's providers gave the last value.
private final class LastAnswer: AccessReporter {
    private let last = Mutex(0)

    /// The provider's place in the reader's list, from 0.
    var index: Int { last.withLock { $0 } }

    func report(_ event: AccessEvent) {
        // Providers are asked in order until one answers: the last that was asked is the one that did.
        last.withLock { $0 = event.providerResults.count - 1 }
    }
}
