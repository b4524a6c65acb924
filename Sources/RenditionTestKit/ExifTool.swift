import Foundation

/// Another reader's opinion of a file's metadata.
package struct ExifTool: Sendable {
    /// The tags of one file: `Group:Tag` to its value, as numbers where exiftool has numbers.
    package struct Tags: Sendable {
        private let values: [String: String]

        init(_ values: [String: Any]) { self.values = values.mapValues { "\($0)" } }

        package subscript(name: String) -> String? { values[name] }
        package func number(_ name: String) -> Double? { values[name].flatMap(Double.init) }
        package var names: [String] { values.keys.sorted() }
    }

    /// Reads files; the result is in their order.
    package static func read(_ paths: [String]) async throws -> [Tags] {
        let result = try await Command.run("exiftool", ["-j", "-n", "-G1", "-charset", "filename=utf8"] + paths)
        let list = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]]
        return (list ?? []).map(Tags.init)
    }
}
