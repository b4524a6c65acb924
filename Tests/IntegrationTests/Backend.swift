import Foundation
import RenditionCore
import RenditionTestKit
import Testing

/// The platform's backend, played by `backend.py` with the client that the backend uses.
struct Backend {
    let platform: AWSPlatform

    struct Upload: Encodable {
        var id = UUID().uuidString.lowercased()
        var galleryID = "wedding"
        var filename: String
        /// The original's bytes, as a file.
        var path: String
        var attributes: [String: RecordValue] = [:]

        private enum CodingKeys: String, CodingKey {
            case id, filename, path, attributes
            case galleryID = "gallery_id"
        }
    }

    /// Puts the originals and writes their records.
    func upload(_ uploads: [Upload]) async throws {
        let folder = TestFolder()
        let list = try folder.write("uploads.json", [UInt8](try JSONEncoder().encode(uploads)))
        let python = "\(Corpus.root)/.build-emulators/venv/bin/python"
        let script = "\(Corpus.root)/Tests/IntegrationTests/backend.py"
        let result = try await Command.run(
            "sh", ["-c", "exec '\(python)' -W ignore '\(script)' < '\(list)'"], environment: platform.environment)
        try #require(result.status == 0, "\(result.errors)")
    }
}
