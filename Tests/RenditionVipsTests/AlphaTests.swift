import CVips
import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

/// Transparency of every kind lies on white, and no edge is darker than what it is between.
@Suite("Transparency")
struct AlphaTests {
    private static let side = 500
    private static let red = [200.0, 60, 60]

    /// A disc in the middle with an edge of one pixel; outside of it everything is black and transparent.
    private static func alpha(_ column: Int, _ row: Int) -> Double {
        let (x, y) = (Double(column) - 250, Double(row) - 250)
        return min(1, max(0, 180.5 - (x * x + y * y).squareRoot()))
    }

    /// All pixels, each as `encode` writes colours of 0–1 and alpha.
    private static func disc(_ encode: ([Double], Double) -> [UInt8], _ colour: [Double] = red) -> [UInt8] {
        let inside = colour.map { $0 / 255 }
        let black = [Double](repeating: 0, count: colour.count)
        return (0..<side).flatMap { row in
            (0..<side).flatMap { column -> [UInt8] in
                let alpha = alpha(column, row)
                return encode(alpha > 0 ? inside : black, alpha)
            }
        }
    }

    private static func bytes(_ values: [Double]) -> [UInt8] { values.map { UInt8(($0 * 255).rounded()) } }
    private static func shorts(_ values: [Double]) -> [UInt8] {
        TIFFBuilder().shorts(values.map { Int(($0 * 65535).rounded()) })
    }

    private static func tiff(
        _ pixels: [UInt8], bits: Int, samples: Int, photometric: Int, extra: Int, isFloat: Bool = false
    ) -> [UInt8] {
        let formats: [(tag: Int, values: [Int])] =
            isFloat ? [(339, [Int](repeating: 3, count: samples))] : []
        return TIFFBuilder().file([
            TIFFBuilder.Page(
                width: side, height: side, bits: [Int](repeating: bits, count: samples), photometric: photometric,
                strips: [pixels], shorts: [(338, [extra])] + formats)
        ])
    }

    private static func png(_ pixels: [UInt8], depth: Int, colourType: Int) -> [UInt8] {
        let length = pixels.count / side
        return PNGBuilder.file(
            width: side, height: side, depth: depth, colourType: colourType,
            rows: (0..<side).map { Array(pixels[($0 * length)..<(($0 + 1) * length)]) })
    }

    private static let straight = disc { bytes($0 + [$1]) }

    /// A file of another program's format, made of the PNG.
    private static func saved(_ saver: String, lossless: Bool) throws -> [UInt8] {
        try png(straight, depth: 8, colourType: 6).withUnsafeBytes { data in
            let operation = try Operation(saver)
            try operation.set("in", try PictureFile.open(data, .png).image)
            if lossless { try operation.set("lossless", true) }
            return try operation.bytes { Array($0) }
        }
    }

    /// The disc's colour as it comes out: what is half as bright in linear light is not in sRGB's encoding.
    private static func check(_ original: [UInt8], _ name: String, is disc: [Int] = [200, 60, 60]) throws {
        let rendered = try Rendering.render(original, sizes: [.thumbnail, .large])
        let large = try Pixels(rendered.renditions[1].bytes)
        #expect(near(large.colour(0.5, 0.5), disc, within: 3), "\(name): \(large.colour(0.5, 0.5))")
        #expect(near(large.colour(0.02, 0.02), [255, 255, 255], within: 2), "\(name): \(large.colour(0.02, 0.02))")
        // JPEG and Lanczos overshoot an edge a little; a dark fringe would go down to half of the disc's colour, which the
        // brightest band shows best.
        let band = disc.indices.max { disc[$0] < disc[$1] } ?? 0
        for pixels in try rendered.renditions.map({ try Pixels($0.bytes) }) {
            let lowest = pixels.lowest(band: band)
            #expect(lowest > disc[band] * 3 / 4 - 8, "\(name): band \(band) goes down to \(lowest)")
        }
    }

    @Test func ofPNG() throws {
        try Self.check(Self.png(Self.straight, depth: 8, colourType: 6), "RGBA of 8 bits")
        let deep = Self.disc { colour, alpha in
            (colour + [alpha]).flatMap { PNGBuilder.big(Int(($0 * 65535).rounded()), 2) }
        }
        try Self.check(Self.png(deep, depth: 16, colourType: 6), "RGBA of 16 bits")
        let grey = Self.disc({ Self.bytes($0 + [$1]) }, [120])
        try Self.check(Self.png(grey, depth: 8, colourType: 4), "grey and alpha", is: [120, 120, 120])
    }

    @Test(arguments: [1, 2]) func ofTIFF(_ extra: Int) throws {
        func pixel(_ colour: [Double], _ alpha: Double) -> [Double] {
            colour.map { extra == 1 ? $0 * alpha : $0 } + [alpha]
        }
        let shallow = Self.disc { Self.bytes(pixel($0, $1)) }
        try Self.check(Self.tiff(shallow, bits: 8, samples: 4, photometric: 2, extra: extra), "8 bits")
        let deep = Self.disc { Self.shorts(pixel($0, $1)) }
        try Self.check(Self.tiff(deep, bits: 16, samples: 4, photometric: 2, extra: extra), "16 bits")
        let grey = Self.disc({ Self.bytes(pixel($0, $1)) }, [120])
        try Self.check(
            Self.tiff(grey, bits: 8, samples: 2, photometric: 1, extra: extra), "grey", is: [120, 120, 120])
        let light = Self.disc { colour, alpha in
            TIFFBuilder().floats(pixel(colour.map { pow(($0 + 0.055) / 1.055, 2.4) }, alpha))
        }
        try Self.check(
            Self.tiff(light, bits: 32, samples: 4, photometric: 2, extra: extra, isFloat: true), "floating-point")
    }

    @Test(arguments: [1, 2]) func ofInk(_ extra: Int) throws {
        func pixel(_ colour: [Double], _ alpha: Double) -> [Double] {
            colour.map { extra == 1 ? $0 * alpha : $0 } + [alpha]
        }
        let ink = [20.0, 220, 180, 10]
        let opaque = TIFFBuilder().file([
            .flat(ink.map { UInt8($0) }, bits: [8, 8, 8, 8], photometric: 5)
        ])
        let expected = try Rendering.colour(of: opaque)
        let disc = Self.disc({ Self.bytes(pixel($0, $1)) }, ink)
        try Self.check(Self.tiff(disc, bits: 8, samples: 5, photometric: 5, extra: extra), "CMYK", is: expected)
    }

    @Test func ofWebPAndAVIF() throws {
        try Self.check(try Self.saved("webpsave_buffer", lossless: true), "WebP without loss")
        try Self.check(try Self.saved("webpsave_buffer", lossless: false), "WebP")
        try Self.check(try Self.saved("heifsave_buffer", lossless: false), "HEIF")
    }
}
