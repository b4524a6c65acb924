/// What became of one photo, for people and programs that watch.
package struct PhotoReport: Sendable, Codable {
    package enum Outcome: String, Sendable, Codable {
        case done, failed, retry, released, abandoned
    }

    /// A rendition's name, pixels and bytes.
    package struct Made: Sendable, Codable {
        package var name: String
        package var width: Int
        package var height: Int
        package var bytes: Int

        package init(_ rendition: Rendition) {
            name = rendition.size.name
            width = rendition.pixels.width
            height = rendition.pixels.height
            bytes = rendition.bytes.count
        }
    }

    package var photo: String
    package var gallery: String
    package var filename: String
    package var attempt: Int
    package var outcome: Outcome
    /// Why it isn't done.
    package var error: RenditionError?
    package var format: String?
    /// Upright pixels of the original.
    package var width: Int?
    package var height: Int?
    /// Bytes of the original.
    package var bytes: Int?
    package var renditions: [Made] = []
    /// Milliseconds from claim to settlement.
    package var milliseconds = 0.0
    package var stages = StageTimes()
    /// Seconds from the record's creation to its completion, of a photo that was rendered for the first time.
    package var visibleAfter: Double?
    /// Whether the stored renditions were current, so that nothing was rendered.
    package var alreadyCurrent = false

    /// Milliseconds spent on the photo and not in a line.
    package var working: Double { max(0, milliseconds - stages[.wait].seconds * 1000) }

    /// Takes over what the header says of the original.
    package mutating func note(_ probe: PhotoProbe, bytes: Int) {
        format = probe.format.rawValue
        width = probe.upright.width
        height = probe.upright.height
        self.bytes = bytes
    }

    package init(photo: String, gallery: String, filename: String, attempt: Int, outcome: Outcome) {
        self.photo = photo
        self.gallery = gallery
        self.filename = filename
        self.attempt = attempt
        self.outcome = outcome
    }
}
