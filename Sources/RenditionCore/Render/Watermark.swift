/// A photographer's mark on every rendition: a logo, a text, or both.
package struct Watermark: Sendable, Hashable, Codable {
    /// Where it stands.
    package enum Position: String, Sendable, Hashable, CaseIterable, Codable {
        case topLeft = "top-left"
        case topRight = "top-right"
        case bottomLeft = "bottom-left"
        case bottomRight = "bottom-right"
        case center
    }

    /// A logo's file: PNG, JPEG or WebP.
    package struct Logo: Sendable, Hashable, Codable {
        /// Changes whenever the file does.
        package var etag: String
        package var bytes: [UInt8]

        package init(etag: String, bytes: [UInt8]) {
            self.etag = etag
            self.bytes = bytes
        }
    }

    package var logo: Logo?
    package var text: String?
    package var position: Position
    /// 0–1; other values become the nearest of these.
    package var opacity: Double
    /// The mark's width in percent of the rendition's, 5–50; other values become the nearest of these.
    package var sizePercent: Double

    package init(
        logo: Logo? = nil, text: String? = nil, position: Position = .bottomRight, opacity: Double = 0.7,
        sizePercent: Double = 15
    ) {
        self.logo = logo
        self.text = text
        self.position = position
        self.opacity = min(1, max(0, opacity))
        self.sizePercent = min(50, max(5, sizePercent))
    }
}
