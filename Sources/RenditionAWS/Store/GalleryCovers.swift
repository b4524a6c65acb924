import Logging
import RenditionCore

/// Keeps a gallery's cover pointing at the photo's present renditions.
///
/// A gallery may show one of its photos by that photo's URL. When the photo's URLs get a new version, so does the
/// cover's, or browsers would show the old one for a year. It is no part of the photo's completion: what fails here is
/// logged and mended by the next rendering.
struct GalleryCovers: Sendable {
    let dynamo: DynamoDB
    let table: String
    let logger: Logger

    private static let attributes = ["thumbnail_url", "cover_photo_url"]
    private static let photoURLs = ["thumbnail_url", "small_url", "small_thumb_url", "medium_url", "large_url"]

    /// - Parameters:
    ///   - before: The photo's record before the change.
    ///   - now: What was set in it.
    func update(_ before: PhotoRecord, _ now: [String: RecordValue]) async {
        guard !table.isEmpty, let user = before.userID, !before.galleryID.isEmpty else { return }
        let renamed = renamed(before, now)
        guard !renamed.isEmpty else { return }
        let key: DynamoDB.Item = ["user_id": .string(user), "id": .string(before.galleryID)]
        do {
            guard let gallery = try await dynamo.get(key, from: table, consistent: false) else { return }
            for name in Self.attributes {
                guard let shown = gallery[name]?.string, let present = renamed[Self.unversioned(shown)],
                    present != shown
                else { continue }
                var expression = Expression()
                expression.require(name, is: .string(shown))
                expression.set(name, .string(present))
                _ = try await dynamo.update(key, in: table, expression)
            }
        } catch {
            logger.warning("The gallery's cover was not updated: \(error)", metadata: ["photo": "\(before.id)"])
        }
    }

    /// How many attributes of a photo's gallery a rendering would change.
    ///
    /// - Parameter staysSame: Whether the photo's URLs keep their versions.
    /// - Returns: nil where the gallery isn't even looked at.
    func updates(_ record: PhotoRecord, staysSame: Bool) async throws -> Int? {
        guard !table.isEmpty, let user = record.userID, !record.galleryID.isEmpty else { return nil }
        let renamed = renamed(record, record.attributes)
        let key: DynamoDB.Item = ["user_id": .string(user), "id": .string(record.galleryID)]
        guard let gallery = try await dynamo.get(key, from: table, consistent: false) else { return 0 }
        return Self.attributes.count { name in
            guard let shown = gallery[name]?.string, let present = renamed[Self.unversioned(shown)] else {
                return false
            }
            return !staysSame || present != shown
        }
    }

    /// From each URL that may stand in a gallery, without its version, to the present one.
    ///
    /// Any version counts as old: where the answer to a commit was lost, nobody knows which one stood there before.
    private func renamed(_ before: PhotoRecord, _ now: [String: RecordValue]) -> [String: String] {
        var renamed: [String: String] = [:]
        for name in Self.photoURLs {
            guard let present = now[name]?.string else { continue }
            for old in [before[name], present].compactMap(\.self) { renamed[Self.unversioned(old)] = present }
        }
        return renamed
    }

    private static func unversioned(_ url: String) -> String {
        url.split(separator: "?", maxSplits: 1).first.map(String.init) ?? url
    }
}
