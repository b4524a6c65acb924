/// What stands in for a photo before it is loaded, and what tells it from others.
package struct PhotoSketch: Sendable, Hashable, Codable {
    /// A ThumbHash of the photo in base64.
    package var placeholder: String
    /// The colour that covers most of it, as `#rrggbb`.
    package var dominantColor: String
    /// A 64-bit perceptual hash in hexadecimal: photos that look alike differ in few bits.
    package var perceptualHash: String

    package init(placeholder: String, dominantColor: String, perceptualHash: String) {
        self.placeholder = placeholder
        self.dominantColor = dominantColor
        self.perceptualHash = perceptualHash
    }
}
