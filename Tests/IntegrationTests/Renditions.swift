import Foundation
import RenditionTestKit

/// The built command, run as its users run it.
enum Renditions {
    static let path = "\(Corpus.root)/.build/debug/renditions"

    static func run(
        _ arguments: [String], _ environment: [String: String] = [:], in directory: String? = nil
    ) async throws -> Command.Result {
        try await Command.run(path, arguments, environment: environment, directory: directory)
    }

    static func start(_ arguments: [String], _ environment: [String: String] = [:]) throws -> Command {
        try Command(path, arguments, environment: environment)
    }

    /// A photo's record, renditions, job and history as `show --json` tells them.
    static func show(_ id: String, _ store: String) async throws -> Story {
        let result = try await run(["show", id, "--json", "--store", store])
        let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any] ?? [:]
        return Story(object)
    }

    /// Imports files and tells their ids by their names.
    static func importing(
        _ paths: [String], gallery: String = "wedding", _ store: String
    ) async throws -> [String: String] {
        let result = try await run(["import", "--gallery", gallery, "--json", "--store", store] + paths)
        var ids: [String: String] = [:]
        for line in result.output.split(separator: "\n") {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String] ?? [:]
            ids[object["filename"] ?? ""] = object["id"]
        }
        return ids
    }

    /// The lines of a worker's `--json`.
    static func reports(_ output: String) throws -> [[String: Any]] {
        try output.split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }
}

/// What `show --json` printed.
struct Story {
    let photo: [String: Any]
    let job: [String: Any]
    let renditions: [[String: Any]]
    let history: [String]

    init(_ object: [String: Any]) {
        photo = object["photo"] as? [String: Any] ?? [:]
        job = object["job"] as? [String: Any] ?? [:]
        renditions = object["renditions"] as? [[String: Any]] ?? []
        history = (object["history"] as? [[String: Any]] ?? []).compactMap { $0["kind"] as? String }
    }

    var status: String? { photo["status"] as? String }
    var state: String? { job["state"] as? String }

    /// A part of a map in the record, such as `exif`.
    func value(_ map: String, _ name: String) -> Any? { (photo[map] as? [String: Any])?[name] }
    func number(_ map: String, _ name: String) -> Double? { (value(map, name) as? NSNumber)?.doubleValue }
    func text(_ map: String, _ name: String) -> String? { value(map, name) as? String }
}
