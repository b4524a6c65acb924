import CVips
import RenditionCore
import RenditionTestKit

@testable import RenditionVips

/// The decoded pixels of a rendition.
struct Pixels {
    let size: PixelSize
    fileprivate let bytes: [UInt8]

    /// Decodes any format that libvips knows to 8-bit RGB.
    init(_ file: [UInt8]) throws {
        try VipsLibrary.start()
        (size, bytes) = try file.withUnsafeBytes { data in
            let opened = try LoadStep.open(data, try OriginalFormat.detect(file), RenderLimits())
            return (opened.image.size, try opened.image.pixels())
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

extension Pixels {
    /// A rectangle of pixels.
    struct Box: CustomStringConvertible {
        var left, top, width, height: Int
        var description: String { "\(width)x\(height)+\(left)+\(top)" }
    }

    /// The smallest box that holds all pixels of a kind; nil where there are none.
    func box(where isMeant: ([Int]) -> Bool) -> Box? {
        var (left, top, right, bottom) = (Int.max, Int.max, -1, -1)
        for row in 0..<size.height {
            for column in 0..<size.width where isMeant(self[column, row]) {
                (left, right) = (min(left, column), max(right, column))
                (top, bottom) = (min(top, row), max(bottom, row))
            }
        }
        return right < 0 ? nil : Box(left: left, top: top, width: right - left + 1, height: bottom - top + 1)
    }

    /// The lowest value of a band.
    func lowest(band: Int) -> Int {
        stride(from: band, to: bytes.count, by: 3).reduce(255) { min($0, Int(bytes[$1])) }
    }

    /// The mean of each band.
    var mean: [Double] {
        (0..<3).map { band in
            let sum = stride(from: band, to: bytes.count, by: 3).reduce(0) { $0 + Int(bytes[$1]) }
            return Double(sum) / Double(size.pixels)
        }
    }

    subscript(column: Int, row: Int) -> [Int] {
        let offset = (row * size.width + column) * 3
        return [Int(bytes[offset]), Int(bytes[offset + 1]), Int(bytes[offset + 2])]
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
        try render(original, as: RenderInstructions(sizes: sizes), limits: limits)
    }

    static func render(
        _ original: [UInt8], as instructions: RenderInstructions, limits: RenderLimits = RenderLimits()
    ) throws -> RenderedPhoto {
        try renderer.get().render(original, as: instructions, limits: limits)
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

    /// Makes a PNG of a disc whose surroundings are black and fully transparent.
    static func discOnTransparentBlack(_ size: PixelSize, _ colour: [Int]) throws -> [UInt8] {
        try VipsLibrary.start()
        var pixels: [UInt8] = []
        let (middle, radius) = (Double(size.width) / 2, Double(size.width) * 0.4)
        for row in 0..<size.height {
            for column in 0..<size.width {
                let (x, y) = (Double(column) - middle, Double(row) - middle)
                let isInside = x * x + y * y < radius * radius
                pixels += isInside ? colour.map(UInt8.init) + [255] : [0, 0, 0, 0]
            }
        }
        let handle = pixels.withUnsafeBytes {
            vips_image_new_from_memory_copy(
                $0.baseAddress, $0.count, Int32(size.width), Int32(size.height), 4, VIPS_FORMAT_UCHAR)
        }
        guard let handle else { throw VipsError("image_new_from_memory") }
        return try save(try interpret(Image(owning: handle), VIPS_INTERPRETATION_sRGB), "pngsave_buffer")
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
