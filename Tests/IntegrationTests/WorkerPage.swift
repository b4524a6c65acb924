import Foundation
import RenditionTestKit

/// A process that serves the status page, on a port that was free.
struct WorkerPage {
    let process: Command
    let url: String

    /// Starts a command with `--http` and waits until its page is there.
    init(_ arguments: [String], _ settings: [String: String], in directory: String? = nil) async throws {
        let process = try Command(
            Renditions.path, arguments + (arguments.first == "worker" ? ["--http", "127.0.0.1:0"] : []),
            environment: settings, directory: directory)
        var url: String?
        while url == nil, process.isRunning {
            try await Task.sleep(for: .milliseconds(20))
            url = process.errors.firstMatch(of: /http:\/\/localhost:[0-9]+/).map { String($0.output) }
        }
        self.process = process
        self.url = url ?? "http://localhost:1"
    }

    /// What curl says of a request: the status, and the body.
    func ask(_ path: String, _ arguments: [String] = []) async throws -> (status: String, body: String) {
        let result = try await Command.run("curl", ["-s", "-w", "\n%{http_code}", "\(url)\(path)"] + arguments)
        let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
        return (lines.last.map(String.init) ?? "", lines.dropLast().joined(separator: "\n"))
    }

    func post(_ path: String, _ body: String, _ arguments: [String] = []) async throws -> (status: String, body: String)
    {
        try await ask(path, ["-X", "POST", "--data-binary", body] + arguments)
    }

    /// The status document.
    func status() async throws -> [String: Any] {
        let text = try await ask("/status").body
        return try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
    }

    /// Ends it in order.
    func stop() async throws -> Command.Result {
        process.signal(SIGTERM)
        return try await process.wait()
    }
}
