import COnePass
import RenditionCore

/// What small blocks of a rendition look like in the original, added up while it is decoded: the one side of a
/// ``ColourReceipt``.
///
/// It belongs to one thread.
final class BlockMeans {
    /// The rendition's upright size.
    let pixels: PixelSize
    private let turn: Turn
    private let blocks: [UnitRectangle]
    /// The blocks' sums, by plane; made when the plane's shape is known.
    private var sums: [[WeightedSum]] = [[], [], []]

    init(_ pixels: PixelSize, _ turn: Turn) {
        self.pixels = pixels
        self.turn = turn
        let (width, height) = (Double(pixels.width), Double(pixels.height))
        blocks = ColourReceipt.places(in: pixels).map { place in
            UnitRectangle(
                left: Double(place.left) / width, top: Double(place.top) / height,
                right: Double(min(pixels.width, place.left + ColourReceipt.side)) / width,
                bottom: Double(min(pixels.height, place.top + ColourReceipt.side)) / height)
        }
    }

    /// Adds rows of a plane.
    ///
    /// - Parameter first: The first one's number.
    func add(_ rows: [UnsafeMutablePointer<UInt8>?], from first: Int, plane: Int, _ shape: op_plane) {
        if sums[plane].isEmpty {
            let size = PixelSize(width: Int(shape.width), height: Int(shape.height))
            sums[plane] = blocks.map { WeightedSum(turn.stored($0), shape.extent_x, shape.extent_y, size) }
        }
        for index in sums[plane].indices {
            for row in sums[plane][index].rows.clamped(to: first..<(first + rows.count)) {
                guard let samples = rows[row - first] else { continue }
                sums[plane][index].add(samples, row: row)
            }
        }
    }

    /// Compares the rendition with what it was made of.
    ///
    /// - Returns: nil where there is no reference for the original's colours.
    func receipt(for store: PlaneStore, by encoding: ReferenceConversion.Encoding) -> ColourReceipt? {
        guard let reference = ReferenceConversion(from: encoding, to: .srgb) else { return nil }
        var (original, found): ([Float], [Float]) = ([], [])
        for (index, block) in blocks.enumerated() {
            original += Self.colour(sums.map { $0.isEmpty ? 128 : $0[index].mean })
            found += Self.colour((0..<3).map { store.mean(of: block, plane: $0) })
        }
        return ColourReceipt(reference.converted(original, bands: 3), found, reference)
    }

    /// RGB of 0–1 (ITU-T T.871, section 7).
    private static func colour(_ means: [Double]) -> [Float] {
        let (luma, blue, red) = (means[0], means[1] - 128, means[2] - 128)
        return [luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue]
            .map { Float(min(1, max(0, $0 / 255))) }
    }
}
