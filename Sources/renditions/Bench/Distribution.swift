/// Values in their order, for percentiles.
struct Distribution: Sendable {
    private let sorted: [Double]

    init(_ values: some Sequence<Double>) { sorted = values.sorted() }

    var count: Int { sorted.count }
    var sum: Double { sorted.reduce(0, +) }
    var median: Double { percentile(50) }
    var lowest: Double { sorted.first ?? 0 }
    var highest: Double { sorted.last ?? 0 }

    /// What so many per cent of the values don't exceed, on a straight line between the two nearest; 0 where there are
    /// none.
    func percentile(_ percent: Double) -> Double {
        guard let last = sorted.indices.last else { return 0 }
        let place = min(max(percent, 0), 100) / 100 * Double(last)
        let (below, above) = (Int(place), min(Int(place) + 1, last))
        return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
    }
}
