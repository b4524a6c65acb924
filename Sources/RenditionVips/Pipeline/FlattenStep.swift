import CVips

/// Lays transparent images on white.
enum FlattenStep {
    /// It comes before any resizing: a blend of transparent and opaque pixels that ignores the alpha leaves dark fringes.
    static func onWhite(_ image: consuming Image) throws -> Image {
        guard image.hasAlpha else { return image }
        let maximum = image.format == VIPS_FORMAT_USHORT ? 65535.0 : image.isInteger ? 255 : 1
        let white: [Double] =
            switch image.interpretation {
            // No ink.
            case VIPS_INTERPRETATION_CMYK: [0]
            case VIPS_INTERPRETATION_LAB: [100, 0, 0]
            default: [maximum]
            }
        let operation = try Operation("flatten")
        try operation.set("in", image)
        try operation.set("background", white)
        try operation.set("max-alpha", maximum)
        return try operation.image()
    }
}
