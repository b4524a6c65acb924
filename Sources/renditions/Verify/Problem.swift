import RenditionCore

/// Something that isn't as the records and the objects together should be.
struct Problem: Sendable, Encodable {
    enum Kind: String, Sendable, Encodable, CaseIterable {
        /// An object or a field of the record isn't there.
        case missing
        /// It would be rendered otherwise now.
        case stale
        /// An object isn't what the record speaks of, or its bytes aren't what they were.
        case differs
        /// An object's headers aren't those that browsers and caches need.
        case headers
        /// A record owes renditions, and nobody has been told.
        case unqueued
        /// A record owes renditions, and its job was given up.
        case dead
        /// The original isn't there.
        case originalMissing = "original_missing"
        /// An object that no record speaks of.
        case orphaned
        /// An object that doesn't say whose it is, and that no record speaks of.
        case stranger

        /// Whether a new rendering mends it.
        var isRendered: Bool { [.missing, .stale, .differs, .headers].contains(self) }
    }

    var kind: Kind
    var photo: String
    var gallery: String
    /// The object, where it is about one.
    var key: String?
    /// What is so.
    var what: String
    /// What to type, or to do.
    var remedy: String
    /// What `--repair` did; nil where it did nothing.
    var repaired: String?

    init(_ kind: Kind, _ record: PhotoRecord, key: String? = nil, _ what: String, remedy: String) {
        self.kind = kind
        photo = record.id
        gallery = record.galleryID
        self.key = key
        self.what = what
        self.remedy = remedy
    }

    init(_ kind: Kind, photo: String, gallery: String, key: String, _ what: String, remedy: String) {
        self.kind = kind
        self.photo = photo
        self.gallery = gallery
        self.key = key
        self.what = what
        self.remedy = remedy
    }

    /// For a person.
    var text: String {
        let place = key.map { "  \($0.printable)" } ?? ""
        return "\(photo.isEmpty ? "-" : photo)  \(kind.rawValue)\(place): \(what.printable)  → \(repaired ?? remedy)"
    }
}
