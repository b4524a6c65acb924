import CJPEG
import CVips
import Foundation
import RenditionCore

/// Encodes pixels as a progressive JPEG with libjpeg-turbo itself, since libvips has no say over the scans.
enum JPEGEncoder {
    /// The scans of a picture in colour: all mean values, then luma from coarse to fine with chroma in between (ITU-T T.81,
    /// annex G.1.1.1.1, spectral selection).
    ///
    /// libjpeg's own script refines values bit by bit in ten scans and takes almost twice the time, most of it to code again
    /// what earlier scans have seen. With three luma bands, which have codes of their own, files are a hundredth or three
    /// smaller at the size and quality of `large`, and as much larger at those of the others.
    private static let colour: [jpeg_scan_info] = [
        scan([0, 1, 2], 0...0), scan([0], 1...9), scan([1], 1...63), scan([2], 1...63), scan([0], 10...20),
        scan([0], 21...63),
    ]
    private static let grey: [jpeg_scan_info] = [
        scan([0], 0...0), scan([0], 1...9), scan([0], 10...20), scan([0], 21...63),
    ]

    private static func scan(_ components: [Int32], _ band: ClosedRange<Int32>) -> jpeg_scan_info {
        var info = jpeg_scan_info()
        info.comps_in_scan = Int32(components.count)
        withUnsafeMutableBytes(of: &info.component_index) { places in
            for (index, component) in components.enumerated() {
                places.storeBytes(of: component, toByteOffset: index * MemoryLayout<Int32>.stride, as: Int32.self)
            }
        }
        info.Ss = band.lowerBound
        info.Se = band.upperBound
        return info
    }

    /// - Parameters:
    ///   - image: 8-bit pixels of one band or three.
    ///   - quality: 1–100, by libjpeg's scale; from 90 on chroma is not subsampled.
    ///   - body: What to do with the file while it is there.
    /// - Throws: ``VipsError`` where the pixels can't be computed or encoded.
    static func encode<Result>(
        _ image: borrowing Image, quality: Int, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
        guard image.format == VIPS_FORMAT_UCHAR, [1, 3].contains(image.bands) else {
            throw VipsError("jpeg", "pixels of \(image.bands) bands and format \(image.format.rawValue)")
        }
        guard let pixels = vips_image_get_data(image.handle) else { throw VipsError("jpeg") }
        let scans = image.bands == 1 ? grey : colour
        var file = shim_jpeg_file()
        let isDone = shim_jpeg_encode(
            pixels.assumingMemoryBound(to: UInt8.self), Int32(image.size.width), Int32(image.size.height),
            Int32(image.bands), Int32(quality), scans, Int32(scans.count), &file)
        defer { free(file.bytes) }
        guard isDone != 0 else {
            throw VipsError(
                "jpeg", withUnsafeBytes(of: file.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return try body(UnsafeRawBufferPointer(start: file.bytes, count: Int(file.length)))
    }
}
