import CVips
import RenditionCore

/// Applies the photographer's adjustments to 8-bit pixels in the output's colour space.
enum AdjustStep {
    /// Brightness multiplies, contrast turns about middle grey, saturation mixes with the luma of ITU-R BT.601: one after
    /// the other, as one matrix and one offset.
    ///
    /// The platform's former renderer turned contrast about each photo's own mean, for which all pixels have to be seen
    /// before the first can be written.
    static func adjust(_ image: consuming Image, _ adjustments: ColorAdjustments) throws -> Image {
        guard adjustments != .none else { return image }
        let recomb = try Operation("recomb")
        try recomb.set("in", image)
        try recomb.set("m", try matrix(adjustments))
        let linear = try Operation("linear")
        try linear.set("in", try recomb.image())
        try linear.set("a", [1])
        // What goes to bytes is cut off, not rounded.
        try linear.set("b", [middle * (1 - adjustments.contrast) + 0.5])
        try linear.set("uchar", true)
        let copy = try Operation("copy")
        try copy.set("in", try linear.image())
        try copy.set("interpretation", Int(VIPS_INTERPRETATION_sRGB.rawValue))
        return try copy.image()
    }

    private static let middle = 128.0
    /// ITU-R BT.601, section 2.5.1.
    private static let luma = [0.299, 0.587, 0.114]

    private static func matrix(_ adjustments: ColorAdjustments) throws -> Image {
        let gain = adjustments.brightness * adjustments.contrast
        let values = (0..<3).flatMap { row in
            (0..<3).map { column in
                let own = row == column ? adjustments.saturation : 0
                return gain * (own + (1 - adjustments.saturation) * luma[column])
            }
        }
        guard let handle = vips_image_new_matrix_from_array(3, 3, values, 9) else { throw VipsError("matrix") }
        return Image(owning: handle)
    }
}
