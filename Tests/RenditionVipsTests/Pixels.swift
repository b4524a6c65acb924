import CVips
import RenditionCore
import RenditionTestKit

@testable import RenditionVips

/// The decoded pixels of a rendition.
struct Pixels {
    let size: PixelSize
    private let bytes: [UInt8]

    /// Decodes any format that libvips knows to 8-bit RGB.
    init(_ file: [UInt8]) throws {
        try VipsLibrary.start()
        (size, bytes) = try file.withUnsafeBytes { data in
            let image = try LoadStep.open(data, try OriginalFormat.detect(file))
            return (image.size, try image.pixels())
        }
    }

    /// The colour at a place given as shares of width and height, 0–1.
    func colour(_ x: Double, _ y: Double) -> [Int] {
        let column = min(size.width - 1, Int(Double(size.width) * x))
        let row = min(size.height - 1, Int(Double(size.height) * y))
        let offset = (row * size.width + column) * 3
        return bytes[offset..<(offset + 3)].map(Int.init)
    }
}

/// Whether two colours differ by no more than `tolerance` in each channel.
func near(_ colour: [Int], _ expected: [Int], within tolerance: Int) -> Bool {
    zip(colour, expected).allSatisfy { abs($0 - $1) <= tolerance }
}

/// A renderer and what tests ask of it.
enum Rendering {
    static let renderer = Result { try CascadeRenderer() }

    static func render(
        _ original: [UInt8], sizes: [RenditionSize] = RenditionSize.all, limits: RenderLimits = RenderLimits()
    ) throws -> RenderedPhoto {
        try renderer.get().render(original, sizes: sizes, limits: limits)
    }

    /// Makes an original of one flat colour.
    static func flat(_ size: PixelSize, _ colour: [Double], as saver: String = "pngsave_buffer") throws -> [UInt8] {
        try VipsLibrary.start()
        let black = try Operation("black")
        try black.set("width", size.width)
        try black.set("height", size.height)
        try black.set("bands", colour.count)
        let linear = try Operation("linear")
        try linear.set("in", try black.image())
        try linear.set("a", [1])
        try linear.set("b", colour)
        try linear.set("uchar", true)
        return try save(
            try interpret(try linear.image(), colour.count > 2 ? VIPS_INTERPRETATION_sRGB : VIPS_INTERPRETATION_B_W),
            saver)
    }

    static func interpret(_ image: consuming Image, _ interpretation: VipsInterpretation) throws -> Image {
        let copy = try Operation("copy")
        try copy.set("in", image)
        try copy.set("interpretation", Int(interpretation.rawValue))
        return try copy.image()
    }

    static func save(_ image: borrowing Image, _ saver: String) throws -> [UInt8] {
        let operation = try Operation(saver)
        try operation.set("in", image)
        return try operation.bytes { Array($0) }
    }
}
