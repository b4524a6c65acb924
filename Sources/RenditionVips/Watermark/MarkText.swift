import CVips
import RenditionCore

/// Sets a mark's text with Pango: white letters with a soft shadow, which can be read on light and dark alike.
enum MarkText {
    /// The longest text that is set, in characters.
    private static let limit = 200
    /// Up to this many characters stand in one line.
    private static let line = 40

    /// RGBA pixels, 8 bits, no larger than the room.
    static func image(_ text: String, _ room: PixelSize) throws -> Image {
        let shadow = max(1, room.width / 100)
        let letters = try Operation("text")
        try letters.set("text", "<span foreground=\"white\">\(escaped(text))</span>")
        try letters.set("font", "sans bold")
        try letters.set("rgba", true)
        // With width and height, the letters become as large as fits.
        try letters.set("width", max(1, room.width - 2 * shadow))
        let isLong = text.count > line
        try letters.set("height", max(1, (isLong ? min(room.height, room.width / 3) : room.height) - 2 * shadow))
        try letters.set(
            "wrap", Int((isLong ? VIPS_TEXT_WRAP_WORD_CHAR : VIPS_TEXT_WRAP_NONE).rawValue))
        try letters.set("align", Int(VIPS_ALIGN_CENTRE.rawValue))
        let raw = try letters.image().rendered()
        let size = raw.size
        guard size.width > 0, size.height > 0 else { throw VipsError("text", "nothing was set") }

        let embed = try Operation("embed")
        try embed.set("in", raw)
        try embed.set("x", shadow)
        try embed.set("y", shadow)
        try embed.set("width", size.width + 2 * shadow)
        try embed.set("height", size.height + 2 * shadow)
        let placed = try embed.image().rendered()

        let black = try Operation("linear")
        try black.set("in", placed)
        try black.set("a", [0, 0, 0, 1])
        try black.set("b", [0, 0, 0, 0])
        let blur = try Operation("gaussblur")
        try blur.set("in", try black.image())
        try blur.set("sigma", Double(shadow) / 2)
        let dark = try Operation("linear")
        try dark.set("in", try blur.image())
        try dark.set("a", [1, 1, 1, 2.5])
        try dark.set("b", [0, 0, 0, 0])
        try dark.set("uchar", true)

        let composite = try Operation("composite2")
        try composite.set("base", try interpreted(try dark.image()))
        try composite.set("overlay", try interpreted(placed))
        try composite.set("mode", Int(VIPS_BLEND_MODE_OVER.rawValue))
        let image = try Stamp.bytes(try composite.image()).rendered()
        // A room of a few pixels holds no letters; what there is shrinks to it.
        let fitted = PixelSize(
            width: min(image.size.width, room.width), height: min(image.size.height, room.height))
        return try ResizeStep.reduce(image, to: fitted)
    }

    private static func interpreted(_ image: consuming Image) throws -> Image {
        let copy = try Operation("copy")
        try copy.set("in", image)
        try copy.set("interpretation", Int(VIPS_INTERPRETATION_sRGB.rawValue))
        return try copy.image()
    }

    /// The text as Pango's markup reads it: as it is, without any meaning.
    private static func escaped(_ text: String) -> String {
        let visible = text.unicodeScalars.filter { $0.properties.generalCategory != .control || $0 == "\n" }
        return String(String(String.UnicodeScalarView(visible)).prefix(limit))
            .replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
