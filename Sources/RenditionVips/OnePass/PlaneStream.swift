import COnePass
import RenditionCore

/// Hands a rendition's luma and chroma to its encoder as they come, so that the whole picture is never in memory.
///
/// It belongs to one thread.
final class PlaneStream {
    let pixels: PixelSize
    let isHalved: Bool
    private let encoder: JPEGEncoder
    private let turn: Turn
    private let planes: [RowQueue]
    /// Rows of each plane in a strip.
    private let rows: [Int]
    private var strips = 0

    /// - Parameter turn: One that keeps the rows' order.
    init(_ pixels: PixelSize, isHalved: Bool, _ turn: Turn, _ encoder: JPEGEncoder) {
        self.pixels = pixels
        self.isHalved = isHalved
        self.turn = turn
        self.encoder = encoder
        rows = isHalved ? [16, 8, 8] : [8, 8, 8]
        planes = (0..<3).map { plane in
            let half = plane > 0 && isHalved
            return RowQueue(
                width: half ? (pixels.width + 1) / 2 : pixels.width,
                height: half ? (pixels.height + 1) / 2 : pixels.height, stride: encoder.stride(of: plane))
        }
    }

    /// Takes the next row of a plane.
    ///
    /// - Throws: ``VipsError`` where the encoder fails.
    func take(_ row: UnsafePointer<Int16>, plane: Int) throws {
        planes[plane].take(row, isMirrored: turn.reversesRows)
        // A strip is whole once each of its planes has its rows, or has ended.
        while strips * rows[0] < pixels.height,
            planes.indices.allSatisfy({ planes[$0].has(rowsBefore: (strips + 1) * rows[$0]) })
        {
            let strip = strips
            try encoder.add(
                strip: planes.indices.map { index in
                    (strip * rows[index]..<(strip + 1) * rows[index]).map { planes[index].row($0) }
                })
            strips += 1
            for index in planes.indices { planes[index].forget(before: strips * rows[index]) }
        }
    }

    /// Ends the file.
    func finish<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
        try encoder.finish(body)
    }
}

/// The rows of a plane that wait for the other planes' of their strip.
private final class RowQueue {
    private let width: Int
    private let height: Int
    private let stride: Int
    private var memory: UnsafeMutablePointer<UInt8>
    private var capacity = 32
    private let mirror: UnsafeMutablePointer<UInt8>
    private var came = 0
    private var kept = 0

    init(width: Int, height: Int, stride: Int) {
        self.width = width
        self.height = height
        self.stride = max(stride, width) + Int(OP_SLACK)
        memory = .allocate(capacity: capacity * self.stride)
        mirror = .allocate(capacity: self.stride)
    }

    deinit {
        memory.deallocate()
        mirror.deallocate()
    }

    func has(rowsBefore row: Int) -> Bool { came >= min(row, height) }

    /// A row that came; past the picture's end, the last.
    func row(_ index: Int) -> UnsafeMutablePointer<UInt8> { memory + min(index, height - 1) % capacity * stride }

    func forget(before row: Int) { kept = min(row, height - 1) }

    func take(_ row: UnsafePointer<Int16>, isMirrored: Bool) {
        if came - kept == capacity { grow() }
        let out = self.row(came)
        if isMirrored {
            op_bytes(row, mirror, Int32(width))
            op_mirror(mirror, out, Int32(width))
        } else {
            op_bytes(row, out, Int32(width))
        }
        (out + width).update(repeating: out[width - 1], count: stride - Int(OP_SLACK) - width)
        came += 1
    }

    /// Planes of very different shapes wait for each other longer.
    private func grow() {
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: 2 * capacity * stride)
        for row in kept..<came {
            (larger + row % (2 * capacity) * stride).update(from: self.row(row), count: stride)
        }
        memory.deallocate()
        memory = larger
        capacity *= 2
    }
}
