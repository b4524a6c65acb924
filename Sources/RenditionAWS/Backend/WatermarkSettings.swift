import RenditionCore

/// A photographer's text mark, by the names of the platform's user records.
package struct WatermarkSettings: Sendable, Codable, Hashable {
    /// Whether renditions are marked.
    package var isEnabled: Bool
    /// Empty for none.
    package var text: String
    /// Where on the rendition.
    package var position: Watermark.Position
    /// From 0 to 1.
    package var opacity: Double
    /// From 5 to 50, in percent of the rendition's width.
    package var sizePercent: Double

    private enum CodingKeys: String, CodingKey {
        case isEnabled = "watermark_enabled"
        case text = "watermark_text"
        case position = "watermark_position"
        case opacity = "watermark_opacity"
        case sizePercent = "watermark_size_percent"
    }

    /// No mark, with the place, opacity and size that the platform begins with.
    package init(
        isEnabled: Bool = false, text: String = "", position: Watermark.Position = .bottomRight, opacity: Double = 0.7,
        sizePercent: Double = 15
    ) {
        self.isEnabled = isEnabled
        self.text = text
        self.position = position
        self.opacity = opacity
        self.sizePercent = sizePercent
    }

    /// - Throws: ``BackendRefusal``.
    func check() throws {
        if isEnabled, text.allSatisfy(\.isWhitespace) {
            throw BackendRefusal(.unusable, "A watermark needs a text. Type one, or turn the watermark off.")
        }
        if text.utf8.count > 200 { throw BackendRefusal(.unusable, "The watermark's text is too long. Shorten it.") }
        if !(0...1).contains(opacity) { throw BackendRefusal(.unusable, "The opacity must be from 0 to 1.") }
        if !(5...50).contains(sizePercent) {
            throw BackendRefusal(.unusable, "The width must be from 5 to 50 percent.")
        }
    }

    /// As a user's record has them; a mark that is turned off keeps its text, place, opacity and size.
    init(_ attributes: [String: RecordValue]) {
        // What a worker makes of them, asked as if the mark were on and had a text.
        var marked = attributes
        marked[CodingKeys.isEnabled.rawValue] = .bool(true)
        marked[CodingKeys.text.rawValue] = .string("any")
        let mark = Photographer(attributes: marked).mark?.watermark
        self.init(
            isEnabled: Photographer(attributes: attributes).mark != nil,
            text: attributes[CodingKeys.text.rawValue]?.string ?? "", position: mark?.position ?? .bottomRight,
            opacity: mark?.opacity ?? 0.7, sizePercent: mark?.sizePercent ?? 15)
    }

    var attributes: [String: RecordValue] {
        [
            CodingKeys.isEnabled.rawValue: .bool(isEnabled), CodingKeys.text.rawValue: .string(text),
            CodingKeys.position.rawValue: .string(position.rawValue),
            CodingKeys.opacity.rawValue: .decimal(opacity, places: 2) ?? .integer(1),
            CodingKeys.sizePercent.rawValue: .decimal(sizePercent, places: 1) ?? .integer(15),
        ]
    }
}
