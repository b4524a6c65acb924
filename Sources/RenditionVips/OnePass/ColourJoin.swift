import COnePass

/// Brings the rows of luma and chroma together, which are ready at different times, and converts their colours.
///
/// It belongs to one thread.
final class ColourJoin {
    private let conversion: MatrixConversion
    private let width: Int
    private var waiting: [[UnsafeMutablePointer<Int16>]] = [[], [], []]
    /// The time that converting has taken.
    private(set) var spent = Duration.zero
    private var free: [UnsafeMutablePointer<Int16>] = []

    /// - Parameter width: Samples of a row of each of the planes.
    init(_ conversion: MatrixConversion, width: Int) {
        self.conversion = conversion
        self.width = width
    }

    deinit {
        for row in waiting.joined() { row.deallocate() }
        for row in free { row.deallocate() }
    }

    /// Room for a row.
    func room() -> UnsafeMutablePointer<Int16> {
        if let row = free.popLast() { return row }
        let row = UnsafeMutablePointer<Int16>.allocate(capacity: width + Int(OP_SLACK))
        row.initialize(repeating: 0, count: width + Int(OP_SLACK))
        return row
    }

    /// Takes the next row of a plane, which is one of ``room()``.
    func add(_ row: UnsafeMutablePointer<Int16>, plane: Int) { waiting[plane].append(row) }

    /// Converts the rows that all planes have.
    ///
    /// - Parameter body: Takes the converted rows, of luma, blue and red difference.
    func forEachConverted(_ body: ([UnsafeMutablePointer<Int16>]) throws -> Void) rethrows {
        while waiting.allSatisfy({ !$0.isEmpty }) {
            let rows = waiting.indices.map { waiting[$0].removeFirst() }
            defer { free += rows }
            let began = ContinuousClock.now
            conversion.convert(rows[0], rows[1], rows[2], count: width)
            spent += .now - began
            try body(rows)
        }
    }
}
