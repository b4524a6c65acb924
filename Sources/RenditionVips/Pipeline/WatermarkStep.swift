import CVips
import RenditionCore

/// Lays the photographer's mark on an image.
enum WatermarkStep {
    /// Blends in the rendition's own encoded colours, as design programs do, so that a logo of 70 % looks here as it did
    /// there.
    ///
    /// - Parameter image: 8-bit pixels of three bands, in memory.
    /// - Throws: A retriable ``RenditionError`` `watermark_damaged` where the logo can't be read.
    static func mark(_ image: consuming Image, with watermark: Watermark?) throws -> Image {
        guard let watermark else { return image }
        let size = image.size
        let margin = Int((Double(min(size.width, size.height)) * 0.02).rounded())
        let room = PixelSize(
            width: max(
                1, min(size.width - 2 * margin, Int((Double(size.width) * watermark.sizePercent / 100).rounded()))),
            height: max(1, size.height - 2 * margin))
        let stamp = try StampCache.shared.stamp(for: watermark, room)
        let place = place(of: stamp.size, in: size, watermark.position, margin)

        let area = try Operation("extract_area")
        try area.set("input", image)
        try area.set("left", place.x)
        try area.set("top", place.y)
        try area.set("width", stamp.size.width)
        try area.set("height", stamp.size.height)
        let composite = try Operation("composite2")
        try composite.set("base", try area.image())
        try composite.set("overlay", try stamp.image(opacity: watermark.opacity))
        try composite.set("mode", Int(VIPS_BLEND_MODE_OVER.rawValue))
        let colours = try Operation("extract_band")
        try colours.set("in", try composite.image())
        try colours.set("band", 0)
        try colours.set("n", 3)
        let insert = try Operation("insert")
        try insert.set("main", image)
        try insert.set("sub", try Stamp.bytes(try colours.image()))
        try insert.set("x", place.x)
        try insert.set("y", place.y)
        return try insert.image().rendered()
    }

    private static func place(
        of mark: PixelSize, in size: PixelSize, _ position: Watermark.Position, _ margin: Int
    ) -> (x: Int, y: Int) {
        let right = max(0, size.width - mark.width - margin)
        let bottom = max(0, size.height - mark.height - margin)
        return switch position {
        case .topLeft: (min(margin, right), min(margin, bottom))
        case .topRight: (right, min(margin, bottom))
        case .bottomLeft: (min(margin, right), bottom)
        case .bottomRight: (right, bottom)
        case .center: ((size.width - mark.width) / 2, (size.height - mark.height) / 2)
        }
    }
}
