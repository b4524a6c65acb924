import Foundation
import RenditionCore

/// Maps object keys to files below one folder. No key leads out of it.
///
/// A key's parts become folders and a file of the same names. Parts that a file system couldn't hold (255 bytes) are
/// cut and given a hash of the whole, before the extension.
package struct ObjectPaths: Sendable {
    /// The folder that holds one folder a bucket.
    package let root: String
    private let names: BucketNames

    package init(root: String, names: BucketNames) {
        self.root = root
        self.names = names
    }

    /// The longest part that is kept as it is, in bytes: below the limit of 255, with room for a suffix.
    private static let longest = 240

    /// The file of an object.
    ///
    /// - Throws: A final ``RenditionError`` `invalid_key` for a key that names no file.
    package func file(_ bucket: Bucket, key: String) throws -> String {
        let parts = PathName.parts(key)
        let isValid =
            key.utf8.count <= 1024 && !key.utf8.contains(0)
            && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
        guard isValid else {
            throw RenditionError(
                code: "invalid_key", stage: .fetch, retriable: false,
                message: "This photo's file has a name that can't be stored. Upload it again under another name.",
                detail: "key \"\(key)\"")
        }
        return ([root, names[bucket]] + parts.map(Self.folded)).joined(separator: "/")
    }

    /// A name that a file system holds, for one that it may not.
    static func folded(_ part: String) -> String {
        // A short part that looks folded is folded too, so that no two parts meet in one file.
        let looksFolded = part.firstMatch(of: /~[0-9a-f]{32}(\.[^.]{0,16})?$/) != nil
        guard part.utf8.count > longest || looksFolded else { return part }
        var head = part.unicodeScalars
        while String(head).utf8.count > 120 { head.removeLast() }
        let suffix = PathName.split(part).suffix
        return "\(String(head))~\(Checksum.sha256(part).prefix(32))\(suffix.utf8.count <= 16 ? suffix : "")"
    }
}
