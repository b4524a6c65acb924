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
        let isLong = text.count > line
        let raw = try letters(
            escaped(text), isLong: isLong,
            PixelSize(
                width: max(1, room.width - 2 * shadow),
                height: max(1, (isLong ? min(room.height, room.width / 3) : room.height) - 2 * shadow)))
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

    /// The text in the largest letters that fit, in pixels whole.
    ///
    /// libvips would find them by itself, by changing the resolution again and again. Each change empties the cache of Pango's
    /// fonts under Pango 1.50's own thread, of which some four marks in a thousand ended the process.
    private static func letters(_ markup: String, isLong: Bool, _ room: PixelSize) throws -> Image {
        func fits(_ size: PixelSize) -> Bool { size.width <= room.width && size.height <= room.height }
        var image = try set(markup, letterSize: 1, width: isLong ? room.width : nil)
        // What surely fits, or is as small as letters can be, and what doesn't.
        var (low, high) = (1, room.height + 2)
        if !isLong {
            // A line grows as its letters do, but for their rounding to whole pixels.
            let trial = try set(markup, letterSize: 64, width: nil).size
            let scale = min(
                Double(room.width) / Double(trial.width), Double(room.height) / Double(trial.height))
            low = max(1, Int(64 * scale * 0.9))
            high = max(low + 1, Int(64 * scale * 1.1) + 2)
            image = try set(markup, letterSize: low, width: nil)
            while low > 1, !fits(image.size) {
                high = low
                low = max(1, low * 3 / 4)
                image = try set(markup, letterSize: low, width: nil)
            }
        }
        while high - low > 1 {
            let middle = (low + high) / 2
            let larger = try set(markup, letterSize: middle, width: isLong ? room.width : nil)
            if fits(larger.size) {
                image = larger
                low = middle
            } else {
                high = middle
            }
        }
        return image
    }

    /// - Parameters:
    ///   - letterSize: In pixels.
    ///   - width: Where lines are broken; nil for nowhere.
    private static func set(_ markup: String, letterSize: Int, width: Int?) throws -> Image {
        let letters = try Operation("text")
        try letters.set("text", "<span foreground=\"white\">\(markup)</span>")
        try letters.set("font", "sans bold \(letterSize)px")
        try letters.set("rgba", true)
        if let width { try letters.set("width", width) }
        try letters.set("wrap", Int((width == nil ? VIPS_TEXT_WRAP_NONE : VIPS_TEXT_WRAP_WORD_CHAR).rawValue))
        try letters.set("align", Int(VIPS_ALIGN_CENTRE.rawValue))
        return try letters.image().rendered()
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
