import COnePass
import RenditionCore

/// One plane's way through all reductions: a row goes as far as it can before the next one comes, while it is in the
/// processor's cache.
///
/// It belongs to one thread.
final class PlaneChain {
    private let plane: Int
    private let scalers: [PlaneScaler]
    private let sinks: [any PlaneSink]
    /// Rows that come at once.
    private let rows: Int
    /// What converts the rows of the first reduction, before they go on.
    private let join: ColourJoin?
    /// Where the last scaler's rows go.
    private let end: UnsafeMutablePointer<Int16>

    /// - Parameters:
    ///   - plane: 0 for luma, 1 and 2 for chroma.
    ///   - source: What the decoder says of it.
    ///   - sinks: Where each reduction's rows go; at least one.
    ///   - join: What converts the rows of the first reduction; they go on by ``receive(_:)``.
    init(_ plane: Int, _ source: op_plane, _ sinks: [any PlaneSink], _ turn: Turn, _ join: ColourJoin?) {
        self.plane = plane
        self.sinks = sinks
        self.join = join
        rows = Int(source.rows)
        var shape = PlaneShape(source)
        var scalers: [PlaneScaler] = []
        for sink in sinks {
            let stored = turn.isTransposed ? sink.pixels.transposed : sink.pixels
            let target = PlaneShape(stored, isHalved: plane > 0 && sink.isHalved, turn)
            scalers.append(
                scalers.isEmpty
                    ? PlaneScaler(.bytes, from: shape, to: target, stride: Int(source.stride), rows: rows)
                    : PlaneScaler(.words, from: shape, to: target))
            shape = target
        }
        self.scalers = scalers
        let width = shape.across.samples + Int(OP_SLACK)
        end = .allocate(capacity: width)
        end.initialize(repeating: 0, count: width)
    }

    deinit { end.deallocate() }

    /// Where the decoder's next rows go.
    var room: [UnsafeMutablePointer<UInt8>?] {
        (0..<rows).map { scalers[0].slot($0).assumingMemoryBound(to: UInt8.self) }
    }

    /// Takes the rows that were decoded into ``room``.
    func advance() throws {
        scalers[0].advance(by: rows)
        guard let join else { return try go(from: 0) }
        while scalers[0].isReady {
            let row = join.room()
            scalers[0].make(into: row)
            join.add(row, plane: plane)
        }
    }

    /// Takes the next row of the first reduction, converted.
    func receive(_ row: UnsafePointer<Int16>) throws {
        try sinks[0].take(row, plane: plane)
        guard scalers.count > 1 else { return }
        let next = scalers[1]
        next.slot().assumingMemoryBound(to: Int16.self).update(from: row, count: scalers[0].target.across.samples)
        next.advance(by: 1)
        try go(from: 1)
    }

    private func go(from level: Int) throws {
        let scaler = scalers[level]
        let next = level + 1 < scalers.count ? scalers[level + 1] : nil
        while scaler.isReady {
            let row = next?.slot().assumingMemoryBound(to: Int16.self) ?? end
            scaler.make(into: row)
            try sinks[level].take(row, plane: plane)
            if let next {
                next.advance(by: 1)
                try go(from: level + 1)
            }
        }
    }
}
