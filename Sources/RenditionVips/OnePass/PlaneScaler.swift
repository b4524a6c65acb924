import COnePass

/// Makes the rows of a smaller plane from those of a larger one as they come, with no more of them in memory than a new
/// row is made of.
///
/// It belongs to one thread.
final class PlaneScaler {
    /// What the rows that come are made of.
    enum Samples {
        /// Whole numbers, from a decoder.
        case bytes
        /// Numbers with 6 bits behind the point, from another scaler.
        case words
    }

    let target: PlaneShape
    private let samples: Samples
    private let source: PlaneShape
    private let down: ResampleWeights
    private let across: ResampleWeights
    /// Whether a row that comes is a row that goes.
    private let isCopy: Bool

    /// The rows that came last, in turn.
    private let ring: UnsafeMutableRawPointer
    private let rowLength: Int
    private let capacity: Int
    private let middle: UnsafeMutablePointer<Int16>
    private var pointers: UnsafeMutablePointer<UnsafeMutableRawPointer>
    /// Rows that came, and rows that went.
    private var came = 0
    private var went = 0

    /// - Parameters:
    ///   - stride: Samples that a row has room for as it comes.
    ///   - rows: Rows that may come at once.
    init(_ samples: Samples, from source: PlaneShape, to target: PlaneShape, stride: Int? = nil, rows: Int = 1) {
        self.samples = samples
        self.source = source
        self.target = target
        isCopy = source == target
        down = ResampleWeights.between(source.down, target.down, lanes: 2)
        across = ResampleWeights.between(source.across, target.across, lanes: 16)
        let width = (stride ?? source.across.samples) + Int(OP_SLACK)
        rowLength = width * (samples == .bytes ? 1 : 2)
        // Weights that came out as nothing let a row begin up to two before the one above it.
        capacity = down.taps + rows + 4
        ring = .allocate(byteCount: capacity * rowLength, alignment: 64)
        // Samples that weigh nothing are read too.
        switch samples {
        case .bytes: ring.initializeMemory(as: UInt8.self, repeating: 0, count: capacity * rowLength)
        case .words: ring.initializeMemory(as: Int16.self, repeating: 0, count: capacity * rowLength / 2)
        }
        middle = .allocate(capacity: width)
        middle.initialize(repeating: 0, count: width)
        pointers = .allocate(capacity: down.taps)
        pointers.initialize(repeating: ring, count: down.taps)
    }

    deinit {
        ring.deallocate()
        middle.deallocate()
        pointers.deallocate()
    }

    /// Where to write the row that comes after those that came, and `ahead` others.
    func slot(_ ahead: Int = 0) -> UnsafeMutableRawPointer { ring + (came + ahead) % capacity * rowLength }

    /// Says that so many rows are there. What is past the picture's end is not counted.
    func advance(by rows: Int) { came = min(came + rows, source.down.samples) }

    /// Whether all that the next row is made of is there.
    var isReady: Bool {
        guard went < target.down.samples else { return false }
        return came >= min(Int(down.starts[went]) + down.taps, source.down.samples)
    }

    /// Makes the next row.
    ///
    /// - Parameter row: Room for it and for `OP_SLACK` samples more.
    func make(into row: UnsafeMutablePointer<Int16>) {
        let start = Int(down.starts[went])
        let width = Int32(source.across.samples)
        if isCopy {
            let only = ring + went % capacity * rowLength
            switch samples {
            case .bytes: op_words(only.assumingMemoryBound(to: UInt8.self), row, width)
            case .words: row.update(from: only.assumingMemoryBound(to: Int16.self), count: Int(width))
            }
            went += 1
            return
        }
        for tap in 0..<down.taps {
            pointers[tap] = ring + min(start + tap, source.down.samples - 1) % capacity * rowLength
        }
        down.weights.withUnsafeBufferPointer { weights in
            guard let own = weights.baseAddress.map({ $0 + went * down.taps }) else { return }
            let rows = UnsafeRawPointer(pointers)
            switch samples {
            case .bytes:
                op_down_bytes(
                    rows.assumingMemoryBound(to: UnsafePointer<UInt8>?.self), own, Int32(down.taps), middle, width)
            case .words:
                op_down_words(
                    rows.assumingMemoryBound(to: UnsafePointer<Int16>?.self), own, Int32(down.taps), middle, width)
            }
        }
        op_across(middle, across.starts, across.weights, Int32(across.taps), row, Int32(target.across.samples))
        went += 1
    }
}
