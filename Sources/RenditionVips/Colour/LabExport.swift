import CVips
import RenditionCore

/// Brings L*a*b* under D50 into an output's colours.
///
/// libvips' `colourspace` takes L*a*b* for that under D65: all but greys would be off. So it goes straight to the output's
/// profile, whose connection space it is.
enum LabExport {
    /// - Parameter image: Floating-point L*a*b*.
    static func export(_ image: borrowing Image, to gamut: OutputGamut, depth: Int) throws -> Image {
        try plainly(codesAreShort ? try stretched(image) : image.reference(), to: gamut, depth: depth)
    }

    private static func plainly(_ image: borrowing Image, to gamut: OutputGamut, depth: Int) throws -> Image {
        let operation = try Operation("icc_export")
        try operation.set("in", image)
        try operation.set("output-profile", gamut.rawValue)
        try operation.set("intent", Int(VIPS_INTENT_RELATIVE.rawValue))
        try operation.set("black-point-compensation", true)
        try operation.set("depth", depth)
        return try operation.image()
    }

    /// Whether libvips writes L*a*b* in the 16-bit code of ICC version 2 and lets littlecms read it as version 4's, which is
    /// longer by a 256th (ICC.1:2022, section 6.3.4.2 and annex A). 8.14 does: greys would come out bluish.
    private static let codesAreShort: Bool = {
        let grey: [Float] = [50, 0, 0]
        let made = try? grey.withUnsafeBytes { bytes -> [Float] in
            guard
                let handle = vips_image_new_from_memory_copy(
                    bytes.baseAddress, bytes.count, 1, 1, 3, VIPS_FORMAT_FLOAT)
            else { throw VipsError("image_new_from_memory") }
            let copy = try Operation("copy")
            try copy.set("in", Image(owning: handle))
            try copy.set("interpretation", Int(VIPS_INTERPRETATION_LAB.rawValue))
            let result = try plainly(try copy.image(), to: .srgb, depth: 16).rendered()
            return PixelMemory(result)?.pixel((0, 0)) ?? []
        }
        guard let made, let least = made.min(), let most = made.max() else { return false }
        return most - least > 0.002
    }()

    /// The numbers whose version 2 code is the version 4 code of those given: L* from 0, a* and b* from −128 on.
    private static func stretched(_ image: borrowing Image) throws -> Image {
        let ratio = 257.0 / 256
        let shift = 128 * (ratio - 1)
        let linear = try Operation("linear")
        try linear.set("in", image)
        try linear.set("a", [ratio, ratio, ratio])
        try linear.set("b", [0, shift, shift])
        let copy = try Operation("copy")
        try copy.set("in", try linear.image())
        try copy.set("interpretation", Int(VIPS_INTERPRETATION_LAB.rawValue))
        return try copy.image()
    }
}
