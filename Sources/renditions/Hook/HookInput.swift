import Foundation
import RenditionAWS

/// Uploads that a hook was told of.
struct HookInput: Sendable {
    struct Upload: Sendable, Hashable {
        /// What the sender called it.
        var name: String
        /// What its key may be; empty for a photo's id.
        var keys: [String]

        /// A key or an id: a key always has a slash, and an id never.
        init(_ text: String) {
            name = text
            keys = text.utf8.contains(UInt8(ascii: "/")) ? [text] : []
        }

        init(_ upload: S3Event.Upload) {
            name = upload.keys.first ?? ""
            keys = upload.keys
        }
    }

    let uploads: [Upload]

    init(_ names: [String]) { uploads = names.map(Upload.init) }

    /// Reads an S3 event in any carrier, a list of ids and keys in JSON, or one of them a line.
    ///
    /// - Parameter bucket: The bucket of originals; events of other buckets are left out.
    /// - Throws: ``S3Event/Unreadable``.
    init(_ bytes: [UInt8], bucket: String) throws {
        guard bytes.count <= S3Event.longest else {
            throw S3Event.Unreadable(
                description: "This is longer than \(S3Event.longest) bytes. Tell of one event at a time.")
        }
        let first = bytes.first { !Self.isBlank($0) }
        if first == UInt8(ascii: "[") {
            guard let names = try? JSONDecoder().decode([String].self, from: Data(bytes)) else {
                throw S3Event.Unreadable(description: "This is no list of photo ids: it is not JSON of that form.")
            }
            uploads = names.map(Upload.init)
        } else if first == nil || first == UInt8(ascii: "{") {
            uploads = try S3Event(bytes).uploads.filter { $0.bucket == bucket }.map(Upload.init)
        } else {
            let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
            let names = lines.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
            // Keys may have blanks; ids don't.
            guard
                names.allSatisfy({ name in
                    name.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 0xFFFD }
                        && (name.contains("/") || !name.contains(where: \.isWhitespace))
                })
            else {
                throw S3Event.Unreadable(
                    description: "This is no S3 event, and no list of photos' ids or originals' keys.")
            }
            uploads = names.map(Upload.init)
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
}
