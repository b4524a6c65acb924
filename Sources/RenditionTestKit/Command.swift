import Foundation

/// A command that a test runs for real.
package final class Command: Sendable {
    /// How it ended and what it wrote.
    package struct Result: Sendable {
        package var status: Int32
        package var output: String
        package var errors: String
    }

    private let process: Process
    private let folder = TestFolder()

    /// Starts a command.
    ///
    /// - Parameters:
    ///   - path: An executable's path, or a name that is looked up in `PATH`.
    ///   - environment: Added to the test's own environment, which is cleared of the project's settings.
    ///   - directory: The working directory; nil for one in which there are no settings.
    package init(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], directory: String? = nil
    ) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path.contains("/") ? path : "/usr/bin/env")
        process.arguments = (path.contains("/") ? [] : [path]) + arguments
        let inherited = ProcessInfo.processInfo.environment.filter { name, _ in
            name != "ENVIRONMENT" && name != "FROM_EMAIL"
                && !["RENDITIONS_", "AWS_", "DYNAMODB_", "S3_", "CDN_", "FRONTEND_"].contains { name.hasPrefix($0) }
        }
        process.environment = inherited.merging(environment) { _, new in new }
        process.currentDirectoryURL = URL(fileURLWithPath: directory ?? folder.path)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.file(folder.path("output"))
        process.standardError = try Self.file(folder.path("errors"))
        try process.run()
        self.process = process
    }

    private static func file(_ path: String) throws -> FileHandle {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }

    package var pid: Int32 { process.processIdentifier }
    package var isRunning: Bool { process.isRunning }

    package func signal(_ signal: Int32) { kill(pid, signal) }

    /// What it has written so far.
    package var output: String { Self.text(folder.path("output")) }
    package var errors: String { Self.text(folder.path("errors")) }

    /// Waits for its end without holding a thread of Swift's pool.
    package func wait() async throws -> Result {
        while process.isRunning { try await Task.sleep(for: .milliseconds(5)) }
        let status =
            process.terminationReason == .uncaughtSignal ? -process.terminationStatus : process.terminationStatus
        return Result(status: status, output: output, errors: errors)
    }

    private static func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    /// Runs a command to its end.
    package static func run(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], directory: String? = nil
    ) async throws -> Result {
        try await Command(path, arguments, environment: environment, directory: directory).wait()
    }
}
