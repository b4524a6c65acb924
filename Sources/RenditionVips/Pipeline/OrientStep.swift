import CVips

/// Turns an image upright, as its Exif orientation says (Exif 2.32, tag 0x0112).
enum OrientStep {
    /// It comes after the first reduction: a turn needs all pixels at once, and there are fewer then. Only a mirror image
    /// can be made row by row, as they are decoded.
    static func upright(_ image: consuming Image, orientation: Int) throws -> Image {
        switch orientation {
        case 2: try flip(image)
        case 3: try turn(try image.rendered(), VIPS_ANGLE_D180)
        case 4: try flip(try turn(try image.rendered(), VIPS_ANGLE_D180))
        case 5: try flip(try turn(try image.rendered(), VIPS_ANGLE_D90))
        case 6: try turn(try image.rendered(), VIPS_ANGLE_D90)
        case 7: try flip(try turn(try image.rendered(), VIPS_ANGLE_D270))
        case 8: try turn(try image.rendered(), VIPS_ANGLE_D270)
        default: image
        }
    }

    private static func turn(_ image: consuming Image, _ angle: VipsAngle) throws -> Image {
        let operation = try Operation("rot")
        try operation.set("in", image)
        try operation.set("angle", Int(angle.rawValue))
        return try operation.image()
    }

    /// Swaps left and right.
    private static func flip(_ image: consuming Image) throws -> Image {
        let operation = try Operation("flip")
        try operation.set("in", image)
        try operation.set("direction", Int(VIPS_DIRECTION_HORIZONTAL.rawValue))
        return try operation.image()
    }
}
