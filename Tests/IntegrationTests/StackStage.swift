import Foundation
import RenditionTestKit

/// The platform's whole stack, started as a developer does, on ports that were free.
struct StackStage {
    let command: Command
    let ports: [String: Int]

    static let python = "\(Corpus.root)/.build-emulators/venv/bin/python"

    /// Arguments for a stack on its own data and ports.
    static func arguments(_ data: String, _ ports: [String: Int]) -> [String] {
        ["stack", "--data", data, "--python", python]
            + ports.sorted { $0.key < $1.key }.flatMap { [$0.key, String($0.value)] }
    }

    static func freePorts() throws -> [String: Int] {
        let free = try FreePort.choose(4)
        return ["--aws-port": free[0], "--api-port": free[1], "--page-port": free[2], "--status-port": free[3]]
    }

    /// Starts a stack and waits until it says where to look.
    static func start(
        _ data: String, ports: [String: Int]? = nil, _ settings: [String: String] = [:], in directory: String? = nil
    ) async throws
        -> StackStage
    {
        let ports = try ports ?? freePorts()
        let command = try Command(
            Renditions.path, arguments(data, ports), environment: settings, directory: directory)
        let stage = StackStage(command: command, ports: ports)
        try await eventually("the stack stands", within: .seconds(120)) {
            guard command.isRunning else {
                throw ServerFault("the stack ended: \(command.output.suffix(2000))\(command.errors)")
            }
            return command.output.contains("open \(stage.page)")
        }
        return stage
    }

    var page: String { "http://localhost:\(ports["--page-port"] ?? 0)/" }
    var api: String { "http://localhost:\(ports["--api-port"] ?? 0)" }
    var store: String { "http://localhost:\(ports["--aws-port"] ?? 0)" }

    /// Whether nothing of it listens any more.
    var isGone: Bool { ports.values.allSatisfy(FreePort.isFree) }

    /// Whether the last part has ended, which gives the data free.
    func hasEnded(_ data: String) async throws -> Bool {
        try await Command.run("flock", ["-n", "\(data)/parts", "true"]).status == 0
    }

    /// The process of a part itself, by what stands in its command line; between it and the stack is its leash.
    func process(of part: String) async throws -> Int32? {
        let leash = try await Command.run("pgrep", ["-P", String(command.pid), "-f", part]).output
        guard let leash = leash.split(separator: "\n").first else { return nil }
        return Int32(try await Command.run("pgrep", ["-P", String(leash)]).output.dropLast())
    }

    /// Ends it as Ctrl-C does: a terminal sends the signal to the whole group of processes that it runs.
    func stop() async throws -> Command.Result {
        kill(-command.pid, SIGINT)
        return try await command.wait()
    }

    /// Uploads a file as the page does.
    ///
    /// - Returns: the photo's id.
    func upload(_ bytes: [UInt8], as name: String, gallery: String) async throws -> String {
        let client = UploadClient(api: api)
        let gallery = gallery.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? gallery
        let ticket = try await client.post(
            "/v1/galleries/\(gallery)/photos/upload-url", ["filename": name, "file_size": bytes.count])
        let id = ticket.text("photo_id")
        let folder = TestFolder()
        let file = try folder.write("original", bytes)
        _ = try await Command.run("curl", ["-s", "-f", "-T", file, ticket.text("upload_url")])
        _ = try await client.post("/v1/galleries/\(gallery)/photos/confirm", ["filename": name, "photo_id": id])
        return id
    }
}
