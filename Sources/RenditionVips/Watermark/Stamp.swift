import CVips
import RenditionCore

/// A mark as it is laid on renditions of one size: RGBA pixels, 8 bits, colours not multiplied by alpha.
struct Stamp: Sendable {
    let size: PixelSize
    private let pixels: [UInt8]

    /// - Parameter image: Four bands of 8 bits.
    init(_ image: borrowing Image) throws {
        size = image.size
        pixels = try image.pixels()
    }

    var byteCount: Int { pixels.count }

    /// The mark as an image, its alpha multiplied by the opacity.
    func image(opacity: Double) throws -> Image {
        let handle = pixels.withUnsafeBytes {
            vips_image_new_from_memory_copy(
                $0.baseAddress, $0.count, Int32(size.width), Int32(size.height), 4, VIPS_FORMAT_UCHAR)
        }
        guard let handle else { throw VipsError("image_new_from_memory") }
        let linear = try Operation("linear")
        try linear.set("in", Image(owning: handle))
        try linear.set("a", [1, 1, 1, opacity])
        try linear.set("b", [0, 0, 0, 0.5])
        try linear.set("uchar", true)
        let copy = try Operation("copy")
        try copy.set("in", try linear.image())
        try copy.set("interpretation", Int(VIPS_INTERPRETATION_sRGB.rawValue))
        return try copy.image()
    }

    /// Rounds any pixels to 8 bits.
    static func bytes(_ image: consuming Image) throws -> Image {
        guard image.format != VIPS_FORMAT_UCHAR else { return image }
        let round = try Operation("round")
        try round.set("in", image)
        try round.set("round", Int(VIPS_OPERATION_ROUND_RINT.rawValue))
        let cast = try Operation("cast")
        try cast.set("in", try round.image())
        try cast.set("format", Int(VIPS_FORMAT_UCHAR.rawValue))
        return try cast.image()
    }
}
