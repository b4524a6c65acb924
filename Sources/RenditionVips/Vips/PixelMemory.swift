import CVips
import RenditionCore

/// Looks at single pixels of an image in memory, as numbers from 0 to 1 of the format's range, or as they are where the
/// format is floating-point. It must not outlive the image.
struct PixelMemory {
    let size: PixelSize
    let bands: Int
    private let start: UnsafeRawPointer
    private let format: VipsBandFormat

    /// - Returns: nil for formats that no photo has.
    init?(_ image: borrowing Image) {
        guard [VIPS_FORMAT_UCHAR, VIPS_FORMAT_USHORT, VIPS_FORMAT_FLOAT].contains(image.format),
            let start = vips_image_get_data(image.handle)
        else { return nil }
        self.start = UnsafeRawPointer(start)
        size = image.size
        bands = image.bands
        format = image.format
    }

    func pixel(_ place: (x: Int, y: Int)) -> [Float] {
        let first = (place.y * size.width + place.x) * bands
        return (first..<(first + bands)).map { index in
            switch format {
            case VIPS_FORMAT_UCHAR: Float(start.load(fromByteOffset: index, as: UInt8.self)) / 255
            case VIPS_FORMAT_USHORT: Float(start.load(fromByteOffset: 2 * index, as: UInt16.self)) / 65535
            default: start.load(fromByteOffset: 4 * index, as: Float.self)
            }
        }
    }

    /// The pixels of a rectangle, row by row.
    func block(_ columns: Range<Int>, _ rows: Range<Int>) -> [Float] {
        rows.flatMap { y in columns.flatMap { pixel(($0, y)) } }
    }
}
