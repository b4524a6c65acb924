import Foundation

/// The profiles of the shared `config` and `credentials` files. A value, of the moment at which it was read.
///
/// Source: AWS SDKs and Tools Reference Guide, shared config and credentials files.
package struct SharedConfig: Sendable {
    /// Where the two files are looked for, whether they are there or not.
    package let paths: (config: String, credentials: String)
    /// Which profile the environment chose: `AWS_PROFILE`, or `default`.
    package let chosenProfile: String
    private let profiles: [String: [String: String]]
    private let sessions: [String: [String: String]]

    /// Reads both files; one that is missing counts as empty. It blocks for as long as the disk takes.
    ///
    /// - Parameters:
    ///   - environment: `AWS_CONFIG_FILE`, `AWS_SHARED_CREDENTIALS_FILE` and `AWS_PROFILE` matter.
    ///   - home: The folder of `.aws` and of a leading `~`.
    /// - Throws: ``CredentialError`` for a file that can't be read, with the line where one is wrong.
    package init(environment: [String: String], home: String) throws {
        func given(_ name: String) -> String? {
            let value = environment[name]?.trimmingCharacters(in: .whitespacesAndNewlines)
            return value.flatMap { $0.isEmpty ? nil : $0 }
        }
        func path(_ name: String, _ fallback: String) -> String {
            let path = given(name) ?? fallback
            return path.hasPrefix("~/") ? home + path.dropFirst() : path
        }
        paths = (path("AWS_CONFIG_FILE", "~/.aws/config"), path("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"))
        chosenProfile = given("AWS_PROFILE") ?? "default"

        var profiles: [String: [String: String]] = [:]
        var sessions: [String: [String: String]] = [:]
        let config = try ConfigText(CredentialFile.text(paths.config) ?? "", path: paths.config).sections
        profiles["default"] = config["default"]
        for (heading, settings) in config {
            // `profile default` comes here too and takes the place of a plain `default`.
            if let name = Self.name(heading, after: "profile ") { profiles[name] = settings }
            if let name = Self.name(heading, after: "sso-session ") { sessions[name] = settings }
        }
        let credentials = try ConfigText(CredentialFile.text(paths.credentials) ?? "", path: paths.credentials)
        for (name, settings) in credentials.sections {
            profiles[name, default: [:]].merge(settings) { _, credential in credential }
        }
        self.profiles = profiles
        self.sessions = sessions
    }

    private static func name(_ heading: String, after prefix: String) -> String? {
        heading.hasPrefix(prefix) ? String(heading.dropFirst(prefix.count)) : nil
    }

    /// A profile's setting, such as `region` or `endpoint_url`; an empty one is none. A nested one is `s3.addressing_style`.
    package func value(_ name: String, profile: String) -> String? {
        profiles[profile]?[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// nil where neither file has it.
    func profile(_ name: String) -> SharedProfile? {
        guard let settings = profiles[name] else { return nil }
        let session = settings["sso_session"].map { ($0, sessions[$0]) }
        return SharedProfile(name: name, settings: settings, session: session)
    }

    /// Both paths, for errors.
    var places: String { "\(paths.config) and \(paths.credentials)" }
}

extension SharedConfig: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Profiles hold secrets, so that none of their settings appears.
    package var description: String { "the profiles in \(places)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["profiles": profiles.keys.sorted()]) }
}
