import COnePass
import Foundation
import Synchronization

/// What each new sample of a row or column is made of: neighbours of the old, weighed by Lanczos' window of three lobes
/// (C. E. Duchon, "Lanczos Filtering in One and Two Dimensions", 1979), which is stretched where samples become fewer.
///
/// Beyond the edges the last sample goes on. Weights are whole numbers of which 16384 are one.
struct ResampleWeights: Sendable {
    /// The first neighbour of each new sample.
    let starts: [Int32]
    /// How many neighbours each has; those that would be more than there are weigh nothing.
    let taps: Int
    /// The weights, one new sample's behind the other's.
    let weights: [Int16]

    static let one = 16384

    /// - Parameter lanes: Samples that are weighed at once: `taps` is 8 or a multiple of it. With 2, what `op_down_bytes`
    ///   takes; with 16, what `op_across` takes.
    init(from source: Span, to target: Span, lanes: Int) {
        let scale = source.extent / target.extent
        let stretch = max(1, scale)
        var rows: [(start: Int, weights: [Int])] = []
        rows.reserveCapacity(target.samples)
        for sample in 0..<target.samples {
            let middle = (Double(sample) + 0.5 + target.origin) * scale - 0.5 - source.origin
            rows.append(Self.row(around: middle, stretch, of: source.samples))
        }
        let longest = rows.map(\.weights.count).max() ?? 1
        taps = lanes > 8 && longest <= 8 ? 8 : (longest + lanes - 1) / lanes * lanes
        // The kernels take eight samples at a time.
        let count = (target.samples + 7) / 8 * 8
        var starts = [Int32](repeating: 0, count: count)
        var weights = [Int16](repeating: 0, count: count * taps)
        for (sample, row) in rows.enumerated() {
            // Neighbours that weigh nothing are read too, and must be there.
            let start = min(row.start, max(0, source.samples - taps))
            starts[sample] = Int32(start)
            for (tap, weight) in row.weights.enumerated() {
                weights[sample * taps + row.start - start + tap] = Int16(weight)
            }
        }
        self.starts = starts
        self.weights = weights
    }

    private static func row(around middle: Double, _ stretch: Double, of samples: Int) -> (start: Int, weights: [Int]) {
        let (first, last) = (Int((middle - 3 * stretch).rounded(.up)), Int((middle + 3 * stretch).rounded(.down)))
        let start = min(max(first, 0), samples - 1)
        var values = [Double](repeating: 0, count: min(max(last, 0), samples - 1) - start + 1)
        for place in first...last {
            values[min(max(place, 0), samples - 1) - start] += lanczos((Double(place) - middle) / stretch)
        }
        let sum = values.reduce(0, +)
        var weights = values.map { Int(($0 / sum * Double(one)).rounded()) }
        // What rounding has left over goes where it is seen least.
        if let largest = weights.indices.max(by: { weights[$0] < weights[$1] }) {
            weights[largest] += one - weights.reduce(0, +)
        }
        let empty = weights.prefix { $0 == 0 }.count
        weights.removeFirst(empty)
        while weights.last == 0 { weights.removeLast() }
        return (start + empty, weights)
    }

    private static func lanczos(_ x: Double) -> Double {
        if abs(x) < 1e-9 { return 1 }
        guard abs(x) < 3 else { return 0 }
        let angle = Double.pi * x
        return 3 * sin(angle) * sin(angle / 3) / (angle * angle)
    }

    // MARK: Reuse

    private struct Key: Hashable {
        var source: Span
        var target: Span
        var lanes: Int
    }

    private static let known = Mutex<[Key: ResampleWeights]>([:])

    /// Weights that were made before, or else now: a camera's photos are of one size. Any thread may ask.
    static func between(_ source: Span, _ target: Span, lanes: Int) -> ResampleWeights {
        let key = Key(source: source, target: target, lanes: lanes)
        if let found = known.withLock({ $0[key] }) { return found }
        let made = ResampleWeights(from: source, to: target, lanes: lanes)
        known.withLock { known in
            if known.count >= 64 { known.removeAll() }
            known[key] = made
        }
        return made
    }
}
