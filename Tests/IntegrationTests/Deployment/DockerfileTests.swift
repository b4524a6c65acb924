import Foundation
import RenditionTestKit
import Testing

/// What the image is said to hold, beside what the program needs; scripts/check-images builds it.
@Suite("Dockerfile", .timeLimit(.minutes(5)))
struct DockerfileTests {
    /// The steps of its stages, lines that go on joined.
    private let stages: [[String]]

    init() throws {
        let text = try String(contentsOfFile: "\(Corpus.root)/Dockerfile", encoding: .utf8)
        let lines = text.replacing("\\\n", with: " ").split(separator: "\n").filter { !$0.hasPrefix("#") }
        stages = lines.reduce(into: []) { stages, line in
            if line.hasPrefix("FROM ") { stages.append([]) }
            if !stages.isEmpty { stages[stages.count - 1].append(String(line)) }
        }
    }

    private func packages(_ stage: [String]) -> Set<String> {
        Set(
            stage.filter { $0.contains("apt-get install") }.flatMap { step in
                let words = step.components(separatedBy: "--no-install-recommends").last?.components(separatedBy: "&&")
                return words?.first?.split(separator: " ").map(String.init) ?? []
            })
    }

    /// Whoever adds a library to the package adds it to both stages.
    @Test func eachLibraryIsInBothStages() async throws {
        try #require(stages.count == 2)
        let manifest = try String(contentsOfFile: "\(Corpus.root)/Package.swift", encoding: .utf8)
        let built = Set(manifest.matches(of: /\.apt\(\["([^"]+)"\]\)/).map { String($0.output.1) })
        #expect(!built.isEmpty)
        #expect(built.isSubset(of: packages(stages[0])), "\(built.subtracting(packages(stages[0])))")

        let linked = try await Command.run("objdump", ["--private-headers", Renditions.path])
        let names = linked.output.matches(of: /NEEDED +(\S+)/).map { String($0.output.1) }
        let places = try await Command.run("ldd", [Renditions.path])
        var owners: Set<String> = []
        for line in places.output.split(separator: "\n") {
            let words = line.split(separator: " ")
            // Swift's own are linked into the image's program.
            guard let name = words.first?.trimmingCharacters(in: .whitespaces), names.contains(name), words.count > 2,
                !words[2].contains("/lib/swift/")
            else { continue }
            let owner = try await Command.run("dpkg-query", ["--search", "*/\(name)"])
            owners.formUnion(
                owner.output.split(separator: "\n").compactMap { $0.split(separator: ":").first.map(String.init) })
        }
        #expect(owners.contains("libvips42"), "\(owners)")
        // The others bring these along.
        let brought: Set = ["libc6", "libgcc-s1", "libstdc++6", "libglib2.0-0"]
        let missing = owners.subtracting(packages(stages[1])).subtracting(brought)
        #expect(missing.isEmpty, "\(missing)")
    }

    @Test func itRunsAsNobodySpecial() throws {
        let shipped = try #require(stages.last)
        #expect(shipped.contains("USER renditions"))
        #expect(shipped.contains { $0.hasPrefix("HEALTHCHECK ") && $0.hasSuffix(#"CMD ["renditions", "health"]"#) })
        #expect(shipped.contains(#"ENTRYPOINT ["renditions"]"#))
        // Of what was built, the program is taken and nothing else.
        #expect(
            shipped.filter { $0.contains("--from=") } == [
                "COPY --from=build /program/renditions /usr/local/bin/renditions"
            ])
    }

    /// What is shown is what works: nothing can be written to but what the command says, and an embedded store is no default there.
    @Test(arguments: ["Dockerfile", "README.md"])
    func theCommandShownHasRoomToWrite(_ name: String) throws {
        let text = try String(contentsOfFile: "\(Corpus.root)/\(name)", encoding: .utf8).replacing("\\\n", with: " ")
        let command = try #require(text.split(separator: "\n").first { $0.contains("docker run --") })
        let folder = try #require(stages.last?.first { $0.hasPrefix("WORKDIR ") }?.dropFirst(8))
        #expect(command.contains(" --read-only ") && command.contains(" --tmpfs /tmp "))
        #expect(command.contains(try Regex(" --volume [a-z-]+:\(folder) ")), "\(command)")
        #expect(command.contains(" --env RENDITIONS_STORE=aws "), "\(command)")
    }

    /// A program that is taken out of the image wants the same packages.
    @Test func theReadmesListForAServiceIsTheImages() throws {
        let text = try String(contentsOfFile: "\(Corpus.root)/README.md", encoding: .utf8)
        let part = try #require(text.components(separatedBy: "## As a service").last)
        let list = try #require(part.firstMatch(of: /apt-get install ([^#]*?)\ninstall/))
        let names = list.output.1.split { " \\\n".contains($0) }.map(String.init)
        #expect(Set(names) == packages(try #require(stages.last)))
    }
}
