import Foundation

/// The programs in `scripts/measures`, which measure renditions with the libraries that `scripts/fidelity-tools` installs.
package enum Measures {
    /// Whether to measure everything, as `make fidelity` does; else what takes a minute.
    package static let isThorough = ProcessInfo.processInfo.environment["FIDELITY"] == "full"

    /// Where the libraries and the tables are.
    package static let folder = "\(Corpus.root)/.build-fidelity"

    /// How a measuring program failed.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Runs one of the programs.
    ///
    /// - Parameters:
    ///   - program: Its name, without extension.
    ///   - job: What it reads from its standard input.
    /// - Returns: What it printed.
    /// - Throws: A ``Failure`` with its complaint where it didn't end well.
    package static func run<Answer: Decodable>(
        _ program: String, _ arguments: [String] = [], job: (any Encodable)? = nil
    ) async throws -> Answer {
        let folder = TestFolder()
        let input = try job.map { try folder.write("job.json", [UInt8](try JSONEncoder().encode($0))) }
        // The shell hands over the file, since commands of the tests have no input.
        let result = try await Command.run(
            "sh",
            [
                "-c", #"input=$1; shift; exec "$@" < "$input""#, "sh", input ?? "/dev/null",
                "\(Self.folder)/venv/bin/python", "-B", "\(Corpus.root)/scripts/measures/\(program).py",
            ] + arguments)
        guard result.status == 0 else { throw Failure(description: "\(program): \(result.errors)") }
        return try JSONDecoder().decode(Answer.self, from: Data(result.output.utf8))
    }
}
