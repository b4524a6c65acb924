import Foundation

/// A photo as the platform's backend wrote it, with every attribute it carries.
///
/// The worker reads what it knows through the typed properties and leaves the rest alone.
package struct PhotoRecord: Sendable, Hashable {
    /// Everything in the record, known to the worker or not.
    package var attributes: [String: RecordValue]

    package init(attributes: [String: RecordValue]) { self.attributes = attributes }

    package var id: String { self["id"] ?? "" }
    package var galleryID: String { self["gallery_id"] ?? "" }
    package var userID: String? { self["user_id"] }
    package var filename: String { self["original_filename"] ?? self["filename"] ?? id }
    package var s3Key: String { self["s3_key"] ?? "" }
    package var status: String { self["status"] ?? "" }
    package var recipe: String? { self["renditions_recipe"] }
    /// The highest fence of a claim that has written to this record; 0 where none has.
    package var fence: Int { attributes["rendition_fence"]?.integer ?? 0 }
    /// What the original was when it was last rendered.
    package var format: OriginalFormat? { self["format"].flatMap(OriginalFormat.init) }
    package var fileSize: Int? { attributes["file_size"]?.integer }

    /// The upright size that the record states, where it is one that an image can have.
    package var size: PixelSize? {
        guard let width = attributes["width"]?.integer, let height = attributes["height"]?.integer,
            width > 0, height > 0
        else { return nil }
        return PixelSize(width: width, height: height)
    }

    /// A string attribute; nil where it is absent, empty or of another type.
    package subscript(name: String) -> String? {
        guard let text = attributes[name]?.string, !text.isEmpty else { return nil }
        return text
    }

    /// Whether an attribute says nothing: absent, null, or an empty or blank text, list or map.
    func isBlank(_ name: String) -> Bool {
        switch attributes[name] {
        case nil, .null: true
        case .string(let text): text.allSatisfy(\.isWhitespace)
        case .list(let values): values.isEmpty
        case .map(let values): values.isEmpty
        default: false
        }
    }
}

/// The values of a photo's `status` that the worker knows. All others are the platform's own.
package enum PhotoStatus {
    /// Renditions are owed.
    package static let processing = "processing"
    /// Every rendition is stored.
    package static let active = "active"
    /// The worker gave up; `rendition_error` says why.
    package static let failed = "failed"

    /// The values that the worker may change: what is owed, and what it gave up earlier and now has another outcome for.
    package static let workersOwn: Set<String> = [processing, failed]
}
