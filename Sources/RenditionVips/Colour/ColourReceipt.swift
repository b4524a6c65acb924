import CVips
import Foundation
import RenditionCore

/// How far a rendition's colours are from those of the reference conversion, measured on a grid of small blocks.
///
/// What is compared are means of blocks of eight by eight pixels of the rendition, before sharpening and mark, and of the
/// decoded pixels that they were made of, each of which the reference converts.
struct ColourReceipt: Equatable {
    /// The mean difference, CIEDE2000.
    let mean: Double
    /// What 95 % of the blocks don't exceed.
    let percentile95: Double

    /// Whether nobody would see a difference.
    var isGood: Bool { mean <= Self.limit.mean && percentile95 <= Self.limit.percentile95 }

    /// What the project promises of any conversion.
    static let limit = (mean: 1.0, percentile95: 3.0)

    /// What the record says of a conversion that isn't good.
    static func warning(_ receipt: ColourReceipt) -> String {
        "The colours differ from the original's by more than they should (\(String(format: "%.1f", receipt.mean)) on average)."
    }

    /// The size to measure: the one that is looked at most, `medium`, or the first where there is none.
    static func size(of sizes: [RenditionSize]) -> RenditionSize? {
        sizes.first { $0.name == RenditionSize.medium.name } ?? sizes.first
    }

    private static let blocks = 10
    /// Pixels of a block's side.
    static let side = 8

    /// - Parameters:
    ///   - frame: Upright pixels in the output's space.
    ///   - reduced: The pixels that it was made of, as stored, in the original's colours; in memory.
    ///   - orientation: The turn from the one to the other, as Exif numbers it.
    /// - Returns: nil where there is no reference for the original's kind of colours.
    static func measure(
        _ frame: borrowing Image, madeOf reduced: borrowing Image, orientation: Int,
        from encoding: ReferenceConversion.Encoding?, to gamut: OutputGamut, _ adjustments: ColorAdjustments
    ) -> ColourReceipt? {
        guard let encoding, let reference = ReferenceConversion(from: encoding, to: gamut),
            let source = PixelMemory(reduced), let made = PixelMemory(frame), made.bands == 3
        else { return nil }
        let upright = orientation >= 5 ? source.size.transposed : source.size
        let scale = (
            x: Double(upright.width) / Double(made.size.width), y: Double(upright.height) / Double(made.size.height)
        )
        var (expected, found): ([Float], [Float]) = ([], [])
        for (left, top) in places(in: made.size) {
            let (right, bottom) = (min(made.size.width, left + side), min(made.size.height, top + side))
            found += mean(made.block(left..<right, top..<bottom), bands: 3)
            let covered = WeightedBlock(
                x: Double(left) * scale.x, to: Double(right) * scale.x, y: Double(top) * scale.y,
                to: Double(bottom) * scale.y, in: upright)
            let pixels = covered.places.flatMap { source.pixel(stored($0.x, $0.y, source.size, orientation)) }
            let colours = adjusted(reference.converted(pixels, bands: source.bands), adjustments)
            expected += mean(colours, bands: 3, weights: covered.places.map { Float($0.weight) })
        }
        return ColourReceipt(expected, found, reference)
    }

    /// - Parameters:
    ///   - expected: Colours of blocks as they should be, in the reference's output space; three numbers each.
    ///   - found: The same blocks' as they are.
    init?(_ expected: [Float], _ found: [Float], _ reference: ReferenceConversion) {
        let pairs = zip(reference.lab(expected), reference.lab(found))
        let differences = pairs.map { ColourDifference.between($0, $1) }.sorted()
        guard !differences.isEmpty else { return nil }
        mean = differences.reduce(0, +) / Double(differences.count)
        percentile95 = differences[min(differences.count - 1, differences.count * 95 / 100)]
    }

    /// The blocks' upper left corners, spread evenly.
    static func places(in size: PixelSize) -> [(left: Int, top: Int)] {
        func spread(_ length: Int) -> [Int] {
            let count = max(1, min(blocks, length / side))
            return (0..<count).map { max(0, (2 * $0 + 1) * length / (2 * count) - side / 2) }
        }
        return spread(size.height).flatMap { top in spread(size.width).map { ($0, top) } }
    }

    /// Where an upright pixel is stored (Exif 2.32, tag 0x0112).
    private static func stored(_ x: Int, _ y: Int, _ size: PixelSize, _ orientation: Int) -> (x: Int, y: Int) {
        let (right, bottom) = (size.width - 1, size.height - 1)
        return switch orientation {
        case 2: (right - x, y)
        case 3: (right - x, bottom - y)
        case 4: (x, bottom - y)
        case 5: (y, x)
        case 6: (y, bottom - x)
        case 7: (right - y, bottom - x)
        case 8: (right - y, x)
        default: (x, y)
        }
    }

    /// The photographer's adjustments, as ``AdjustStep`` says them.
    private static func adjusted(_ colours: [Float], _ adjustments: ColorAdjustments) -> [Float] {
        guard adjustments != .none else { return colours }
        let (brightness, contrast, saturation) = (
            Float(adjustments.brightness), Float(adjustments.contrast), Float(adjustments.saturation)
        )
        let middle: Float = 128.0 / 255
        return stride(from: 0, to: colours.count, by: 3).flatMap { index -> [Float] in
            let bright = colours[index..<(index + 3)].map { ($0 * brightness - middle) * contrast + middle }
            let luma = 0.299 * bright[0] + 0.587 * bright[1] + 0.114 * bright[2]
            return bright.map { min(1, max(0, luma + ($0 - luma) * saturation)) }
        }
    }

    private static func mean(_ pixels: [Float], bands: Int, weights: [Float]? = nil) -> [Float] {
        var sums = [Float](repeating: 0, count: bands)
        var total: Float = 0
        for pixel in 0..<(pixels.count / bands) {
            let weight = weights?[pixel] ?? 1
            total += weight
            for band in 0..<bands { sums[band] += pixels[pixel * bands + band] * weight }
        }
        return sums.map { $0 / max(total, .leastNormalMagnitude) }
    }
}

/// The pixels that a rectangle covers, those at its rim in part.
private struct WeightedBlock {
    let places: [(x: Int, y: Int, weight: Double)]

    init(x left: Double, to right: Double, y top: Double, to bottom: Double, in size: PixelSize) {
        func parts(_ from: Double, _ to: Double, _ length: Int) -> [(place: Int, weight: Double)] {
            (max(0, Int(from))..<min(length, max(Int(from) + 1, Int(to.rounded(.up))))).map { place in
                (place, max(1e-6, min(to, Double(place + 1)) - max(from, Double(place))))
            }
        }
        let columns = parts(left, right, size.width)
        places = parts(top, bottom, size.height).flatMap { row in
            columns.map { (x: $0.place, y: row.place, weight: $0.weight * row.weight) }
        }
    }
}
