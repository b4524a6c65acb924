import Foundation

/// The platform's object keys: where an original lies and where its renditions go.
package enum ObjectKeys {
    /// Keys below these prefixes are the platform's own products and never originals.
    package static let reservedPrefixes = ["renditions/", "watermarks/"]

    /// The key of an original: `{gallery_id}/{photo_id}_{base name}{.ext}`.
    package static func original(galleryID: String, photoID: String, filename: String) -> String {
        "\(galleryID)/\(photoID)_\(filename)"
    }

    /// The key of a rendition: `renditions/{gallery_id}/{stem}_{size}.jpg`, or with another format's extension.
    package static func rendition(
        galleryID: String, originalKey: String, size: RenditionSize, format: RenditionFormat = .jpeg
    ) -> String {
        "renditions/\(galleryID)/\(renditionName(originalKey: originalKey, size: size, format: format))"
    }

    /// The last part of a rendition's key.
    package static func renditionName(
        originalKey: String, size: RenditionSize, format: RenditionFormat = .jpeg
    ) -> String {
        "\(stem(of: originalKey))_\(size.name).\(format.fileExtension)"
    }

    /// A key's file name without its last extension. A name that only starts with a dot has no extension.
    package static func stem(of key: String) -> String {
        PathName.split(PathName.last(key)).stem
    }

    /// Whether a key may name an original.
    package static func isOriginal(_ key: String) -> Bool {
        !key.isEmpty && !reservedPrefixes.contains { key.utf8.starts(with: $0.utf8) }
    }

    /// Why a gallery's id can't be part of a key, or nil where it can.
    package static func problem(withGalleryID id: String) -> String? {
        if id.isEmpty { return "it is empty" }
        if id.utf8.contains(UInt8(ascii: "/")) { return "it holds a slash" }
        if id == "." || id == ".." { return "it is a folder's own name" }
        if reservedPrefixes.contains("\(id)/") { return "keys below \(id)/ are the platform's own" }
        if id.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) {
            return "it holds a control character"
        }
        if id.utf8.count > 128 { return "it is longer than 128 bytes" }
        return nil
    }
}
