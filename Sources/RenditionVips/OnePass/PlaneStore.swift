import COnePass
import CVips
import Glibc
import RenditionCore

/// A rendition's luma and chroma in memory, upright.
///
/// It belongs to one thread.
final class PlaneStore {
    let pixels: PixelSize
    let isHalved: Bool
    private let turn: Turn
    private let planes: [Plane]

    /// - Parameters:
    ///   - pixels: The upright size.
    ///   - isHalved: Whether chroma has half as many samples in each direction.
    init(_ pixels: PixelSize, isHalved: Bool, _ turn: Turn) {
        self.pixels = pixels
        self.isHalved = isHalved
        self.turn = turn
        planes = (0..<3).map { plane in
            let half = plane > 0 && isHalved
            return Plane(
                half ? PixelSize(width: (pixels.width + 1) / 2, height: (pixels.height + 1) / 2) : pixels, turn)
        }
    }

    /// Takes the next row of a plane, as it is stored in the original.
    func take(_ row: UnsafePointer<Int16>, plane: Int) { planes[plane].take(row) }

    /// Encodes all of it.
    ///
    /// - Parameter isForgotten: Whether nobody asks for the pixels afterwards, so that their memory may go while the encoder's
    ///   own grows.
    func encode(by encoder: JPEGEncoder, isForgotten: Bool) throws {
        let rows = isHalved ? 16 : 8
        let count = (pixels.height + rows - 1) / rows
        for strip in 0..<count {
            let lines = planes.enumerated().map { index, plane in
                let own = index > 0 ? 8 : rows
                return (strip * own..<(strip + 1) * own).map { Optional(plane.row($0)) }
            }
            try encoder.add(strip: lines)
            if isForgotten {
                for (index, plane) in planes.enumerated() { plane.forget(before: strip * (index > 0 ? 8 : rows)) }
            }
        }
    }

    /// As RGB. Where chroma is halved each of its samples stands for four pixels, which is good enough for a sketch only.
    func image() throws -> Image {
        guard let handle = vips_image_new_memory() else { throw VipsError("planes", Self.exhaustion) }
        let image = Image(owning: handle)
        vips_image_init_fields(
            handle, Int32(pixels.width), Int32(pixels.height), 3, VIPS_FORMAT_UCHAR, VIPS_CODING_NONE,
            VIPS_INTERPRETATION_sRGB, 1, 1)
        guard vips_image_write_prepare(handle) == 0, let data = vips_image_get_data(handle) else {
            throw VipsError("planes", Self.exhaustion)
        }
        let out = UnsafeMutableRawPointer(mutating: data).assumingMemoryBound(to: UInt8.self)
        for row in 0..<pixels.height {
            let chroma = isHalved ? row / 2 : row
            op_pixels(
                planes[0].row(row), planes[1].row(chroma), planes[2].row(chroma), isHalved ? 1 : 0,
                out + row * pixels.width * 3, Int32(pixels.width))
        }
        return image
    }

    /// All that can fail there. libvips' own text may be another photo's.
    private static let exhaustion = "out of memory"

    /// The mean of a rectangle of a plane, whose sides count the picture as 1.
    func mean(of rectangle: UnitRectangle, plane: Int) -> Double {
        let half = plane > 0 && isHalved ? 0.5 : 1
        var sum = WeightedSum(
            rectangle, Double(pixels.width) * half, Double(pixels.height) * half, planes[plane].size)
        for row in sum.rows { sum.add(planes[plane].row(row), row: row) }
        return sum.mean
    }
}

/// One plane of a ``PlaneStore``, upright, with its last row and column repeated as far as a block of a JPEG reaches.
private final class Plane {
    let size: PixelSize
    private let turn: Turn
    private let stride: Int
    private let samples: UnsafeMutablePointer<UInt8>
    /// Stored rows that are to become columns, of which sixteen are turned at once.
    private let waiting: UnsafeMutablePointer<UInt8>
    private let waitingStride: Int
    private var came = 0
    private var forgotten = 0

    init(_ size: PixelSize, _ turn: Turn) {
        self.size = size
        self.turn = turn
        stride = (size.width + 15) / 16 * 16 + Int(OP_SLACK)
        samples = .allocate(capacity: stride * size.height)
        waitingStride = (turn.isTransposed ? size.height : size.width) + Int(OP_SLACK)
        waiting = .allocate(capacity: waitingStride * 16)
    }

    deinit {
        samples.deallocate()
        waiting.deallocate()
    }

    func row(_ index: Int) -> UnsafeMutablePointer<UInt8> { samples + min(index, size.height - 1) * stride }

    /// Gives memory of rows back, a megabyte at a time; they hold nothing afterwards.
    func forget(before row: Int) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let begin = (Int(bitPattern: samples) + forgotten + page - 1) / page * page
        let end = (Int(bitPattern: samples) + min(row, size.height - 1) * stride) / page * page
        guard end - begin >= 1 << 20 else { return }
        madvise(UnsafeMutableRawPointer(bitPattern: begin), end - begin, MADV_DONTNEED)
        forgotten = end - Int(bitPattern: samples)
    }

    func take(_ row: UnsafePointer<Int16>) {
        defer { came += 1 }
        guard turn.isTransposed else {
            let out = self.row(turn.reversesColumns ? size.height - 1 - came : came)
            if turn.reversesRows {
                op_bytes(row, waiting, Int32(size.width))
                op_mirror(waiting, out, Int32(size.width))
            } else {
                op_bytes(row, out, Int32(size.width))
            }
            repeatEdge(of: out)
            return
        }
        op_bytes(row, waiting + came % 16 * waitingStride, Int32(size.height))
        let isLast = came == size.width - 1
        if came % 16 == 15 || isLast { turnWaiting(came % 16 + 1, isLast: isLast) }
    }

    /// The stored rows that wait become columns, and those behind them wait no more.
    private func turnWaiting(_ rows: Int, isLast: Bool) {
        let first = came - rows + 1
        let left = turn.reversesColumns ? size.width - 1 - came : first
        let (out, outStride) = turn.reversesRows ? (row(size.height - 1) + left, -stride) : (samples + left, stride)
        let (into, inStride) =
            turn.reversesColumns ? (waiting + (rows - 1) * waitingStride, -waitingStride) : (waiting, waitingStride)
        op_turn(into, inStride, Int32(size.height), Int32(rows), out, outStride)
        if isLast { for index in 0..<size.height { repeatEdge(of: row(index)) } }
    }

    private func repeatEdge(of row: UnsafeMutablePointer<UInt8>) {
        let rest = (size.width + 15) / 16 * 16 - size.width
        (row + size.width).update(repeating: row[size.width - 1], count: rest)
    }
}
