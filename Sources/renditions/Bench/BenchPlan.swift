import RenditionCore
import RenditionLocal

/// What a benchmark is to measure.
struct BenchPlan: Sendable {
    enum Kind: Sendable {
        /// The worker on a store.
        case endToEnd
        /// Rendering alone.
        case rendering
        /// Both in turn.
        case overhead
        /// Rendering alone with one thread, two and so on, in turn.
        case scaling
    }

    var kind: Kind
    /// The originals, each as often as it is to be rendered in a round.
    var files: [OriginalFile]
    var rounds: Int
    /// Photos rendered at once.
    var threads: Int
    /// The most photos in hand; nil for the worker's own bounds.
    var inFlight: Int?

    /// So many photos: the files in turn, again and again.
    static func files(_ files: [OriginalFile], repeatedTo count: Int?) -> [OriginalFile] {
        (0..<(count ?? files.count)).map { files[$0 % files.count] }
    }

    /// The numbers of threads to compare: one, and doubled up to all.
    var widths: [Int] {
        var widths = [1]
        while let last = widths.last, last < threads { widths.append(min(last * 2, threads)) }
        return widths
    }
}
