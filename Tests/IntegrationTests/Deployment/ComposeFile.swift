import Foundation
import RenditionTestKit
import Yams

/// compose.yaml as Compose understands it: interpolated, merged, and checked against the Compose specification's schema.
struct ComposeFile {
    static let path = "\(Corpus.root)/compose.yaml"

    let services: [String: Service]
    let root: [String: Any]

    /// - Parameter environment: What the variables in it are.
    init(_ environment: [String: String] = [:]) async throws {
        let result = try await Self.config(Self.path, environment)
        guard result.status == 0 else { throw Refused(words: result.errors) }
        root = try Yams.load(yaml: result.output) as? [String: Any] ?? [:]
        services = (root["services"] as? [String: [String: Any]] ?? [:]).mapValues(Service.init)
    }

    /// What Compose says of a file. No engine is needed for it.
    ///
    /// - Parameter environment: What the variables in it are; a developer's own `.env` beside it says nothing.
    static func config(_ path: String, _ environment: [String: String] = [:]) async throws -> Command.Result {
        let folder = TestFolder()
        let nothing = try folder.write("empty.env", [])
        return try await Command.run(
            "docker-compose", ["--project-name", "galerly", "--env-file", nothing, "--file", path, "config"],
            environment: environment)
    }

    /// The names of the variables that stand in it.
    static func variables() throws -> Set<String> {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return Set(text.matches(of: /\$\{([A-Z0-9_]+)/).map { String($0.output.1) })
    }

    struct Refused: Error { var words: String }

    /// The services that `up` starts: those that are named and all they depend on; without names all that have no profile,
    /// or one of those that are said.
    func started(_ names: [String] = [], profiles: Set<String> = []) -> Set<String> {
        var open = names.isEmpty ? services.filter { $0.value.starts(in: profiles) }.map(\.key) : names
        var all: Set<String> = []
        while let name = open.popLast() {
            if all.insert(name).inserted { open += services[name].map { Array($0.dependencies.keys) } ?? [] }
        }
        return all
    }

    /// A service's part of the file.
    struct Service {
        let value: [String: Any]

        init(_ value: [String: Any]) { self.value = value }

        func text(_ name: String) -> String? { value[name] as? String }
        func list(_ name: String) -> [String] { value[name] as? [String] ?? [] }

        func starts(in profiles: Set<String>) -> Bool {
            list("profiles").isEmpty || !profiles.isDisjoint(with: list("profiles"))
        }

        /// What it waits for: conditions by services.
        var dependencies: [String: String] {
            (value["depends_on"] as? [String: [String: Any]] ?? [:]).compactMapValues { $0["condition"] as? String }
        }

        /// Empty values say nothing.
        var environment: [String: String] {
            (value["environment"] as? [String: Any] ?? [:]).mapValues { "\($0)" }.filter { !$0.value.isEmpty }
        }

        var isOurs: Bool { text("image")?.hasPrefix("galerly-renditions:") == true }

        var healthCheck: [String] { (value["healthcheck"] as? [String: Any])?["test"] as? [String] ?? [] }

        private var limits: [String: Any] {
            ((value["deploy"] as? [String: Any])?["resources"] as? [String: Any])?["limits"] as? [String: Any] ?? [:]
        }

        /// Cores.
        var cores: Double? { limits["cpus"].flatMap { Double("\($0)") } }

        /// MiB.
        var memory: Int? {
            limits["memory"].flatMap { "\($0)".hasSuffix("M") ? Int("\($0)".dropLast()) : nil }
        }
    }
}
