import Foundation
import RenditionTestKit

/// Asks the upload API as a page does, through curl.
struct UploadClient {
    struct Answer {
        var status: Int
        var headers: String
        var object: [String: Any]

        func text(_ name: String) -> String { object[name] as? String ?? "" }
        var error: String { text("error") }
        var photos: [[String: Any]] { object["photos"] as? [[String: Any]] ?? [] }
    }

    let api: String
    /// What a browser says of the page that asks; nil for who is no browser.
    var origin: String?

    func get(_ path: String) async throws -> Answer { try await ask(path, []) }

    func post(_ path: String, _ body: [String: Any] = [:], method: String = "POST") async throws -> Answer {
        let data = try JSONSerialization.data(withJSONObject: body)
        return try await ask(
            path,
            [
                "-X", method, "-H", "content-type: application/json", "--data-binary",
                String(decoding: data, as: UTF8.self),
            ])
    }

    private func ask(_ path: String, _ arguments: [String]) async throws -> Answer {
        let page = origin.map { ["-H", "origin: \($0)"] } ?? []
        let result = try await Command.run("curl", ["-s", "-i", "\(api)\(path)"] + page + arguments)
        let parts = result.output.replacing("\r\n", with: "\n").split(separator: "\n\n", maxSplits: 1)
        let body = parts.count > 1 ? Data(parts[1].utf8) : Data()
        let status = result.output.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return Answer(
            status: status, headers: parts.first.map { $0.lowercased() } ?? "",
            object: (try? JSONSerialization.jsonObject(with: body)) as? [String: Any] ?? [:])
    }
}
