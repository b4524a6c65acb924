import COnePass
import CVips
import RenditionCore

/// Encodes a progressive JPEG with libjpeg-turbo itself, since libvips has no say over the scans and takes no planes.
///
/// It belongs to one thread.
final class JPEGEncoder {
    private let encoder: OpaquePointer

    /// What a file's pixels come as.
    enum Input {
        /// RGB, or grey, all at once.
        case pixels(bands: Int)
        /// Luma and chroma, strip by strip.
        case planes
    }

    /// - Parameters:
    ///   - quality: 1–100, by libjpeg's scale.
    /// - Throws: ``VipsError`` where there is no memory.
    init(_ size: PixelSize, _ input: Input, quality: Int, scans: JPEGScans) throws {
        let (bands, takesPlanes) =
            switch input {
            case .pixels(let bands): (bands, false)
            case .planes: (3, true)
            }
        let script = scans == .standard ? [] : bands == 1 ? Self.grey : Self.colour
        let encoder = script.withUnsafeBufferPointer { script in
            var format = op_format(
                width: Int32(size.width), height: Int32(size.height), components: Int32(bands),
                quality: Int32(quality), halves_chroma: Self.halvesChroma(quality) ? 1 : 0, scans: script.baseAddress,
                scan_count: Int32(script.count))
            return op_encoder_open(&format, takesPlanes ? 1 : 0)
        }
        guard let encoder else { throw VipsError("jpeg", "out of memory") }
        self.encoder = encoder
    }

    deinit { op_encoder_close(encoder) }

    /// Whether chroma has half as many samples as luma in each direction. From 90 on what it loses by that is seen.
    static func halvesChroma(_ quality: Int) -> Bool { quality < 90 }

    /// Samples that a row of a plane has to hold.
    func stride(of plane: Int) -> Int { Int(op_encoder_stride(encoder, Int32(plane))) }

    /// Takes the next strip of planes: 8 rows of each, or 16 of luma where chroma is halved.
    func add(strip rows: [[UnsafeMutablePointer<UInt8>?]]) throws {
        guard withRows(rows, { op_encoder_strip(encoder, $0) }) != 0 else { throw failure }
    }

    /// Ends the file.
    ///
    /// - Parameter body: What to do with it while it is there.
    func finish<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
        var length = 0
        guard let bytes = op_encoder_finish(encoder, &length) else { throw failure }
        return try body(UnsafeRawBufferPointer(start: bytes, count: length))
    }

    private var failure: VipsError { VipsError("jpeg", String(cString: op_encoder_message(encoder))) }

    /// Encodes pixels.
    ///
    /// - Parameters:
    ///   - image: 8-bit pixels of one band or three.
    ///   - body: What to do with the file while it is there.
    /// - Throws: ``VipsError`` where the pixels can't be computed or encoded.
    static func encode<Result>(
        _ image: borrowing Image, quality: Int, scans: JPEGScans = .lean,
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
        guard image.format == VIPS_FORMAT_UCHAR, [1, 3].contains(image.bands) else {
            throw VipsError("jpeg", "pixels of \(image.bands) bands and format \(image.format.rawValue)")
        }
        guard let pixels = vips_image_get_data(image.handle) else { throw VipsError("jpeg") }
        let encoder = try JPEGEncoder(image.size, .pixels(bands: image.bands), quality: quality, scans: scans)
        guard op_encoder_pixels(encoder.encoder, pixels.assumingMemoryBound(to: UInt8.self)) != 0 else {
            throw encoder.failure
        }
        return try encoder.finish(body)
    }

    // MARK: Scans

    /// The lean scans of a picture in colour: all mean values, then luma from coarse to fine with chroma in between (ITU-T
    /// T.81, annex G.1.1.1.1, spectral selection).
    ///
    /// libjpeg's own script refines values bit by bit in ten scans and takes almost twice the time, most of it to code again
    /// what earlier scans have seen. With three luma bands, which have codes of their own, files are a hundredth or three
    /// smaller at the size and quality of `large`, and as much larger at those of the others.
    private static let colour = [
        scan([0, 1, 2], 0...0), scan([0], 1...9), scan([1], 1...63), scan([2], 1...63), scan([0], 10...20),
        scan([0], 21...63),
    ]
    private static let grey = [scan([0], 0...0), scan([0], 1...9), scan([0], 10...20), scan([0], 21...63)]

    private static func scan(_ components: [Int32], _ band: ClosedRange<Int32>) -> op_scan {
        var scan = op_scan()
        scan.count = Int32(components.count)
        withUnsafeMutableBytes(of: &scan.components) { places in
            for (index, component) in components.enumerated() {
                places.storeBytes(of: component, toByteOffset: index * MemoryLayout<Int32>.stride, as: Int32.self)
            }
        }
        (scan.first, scan.last) = (band.lowerBound, band.upperBound)
        return scan
    }
}
