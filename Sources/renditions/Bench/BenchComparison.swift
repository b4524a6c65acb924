/// What changed between two benchmarks.
struct BenchComparison: Codable, Sendable, Equatable {
    struct Change: Codable, Sendable, Equatable {
        var name: String
        var before: Double
        var now: Double
        /// nil where there was nothing before.
        var percent: Double?

        init(_ name: String, _ before: Double, _ now: Double) {
            (self.name, self.before, self.now) = (name, before, now)
            percent = before > 0 ? (now / before - 1) * 100 : nil
        }
    }

    /// When the other one was made.
    var date: String
    /// In what the two differ beside their figures: they may not be comparable.
    var differences: [String]
    /// Photos a minute, CPU and so on.
    var totals: [Change]
    /// Each stage's median, in milliseconds.
    var stages: [Change]

    /// - Returns: nil where the two measured nothing of the same kind.
    init?(_ now: BenchResult, with before: BenchResult) {
        let pair =
            if let here = now.endToEnd, let there = before.endToEnd {
                (there, here)
            } else if let here = now.rendering, let there = before.rendering {
                (there, here)
            } else {
                nil as (Measured, Measured)?
            }
        guard let (old, new) = pair else { return nil }
        date = before.date
        differences = now.surroundings.differences(from: before.surroundings)
        totals = [
            Change("photos/min", old.photosPerMinute, new.photosPerMinute),
            Change("CPU s a photo", old.cpuSecondsPerPhoto, new.cpuSecondsPerPhoto),
            Change("busy share", old.busyShare, new.busyShare),
            Change("peak memory", Double(old.peakMemory ?? 0), Double(new.peakMemory ?? 0)),
            Change("bytes out a photo", old.bytesOutPerPhoto, new.bytesOutPerPhoto),
            Change("requests a photo", Self.requests(old), Self.requests(new)),
        ]
        let medians = [old, new].map { measurement in
            Dictionary(measurement.stages.map { ($0.name, $0.p50) }) { first, _ in first }
        }
        let names = new.stages.map(\.name) + old.stages.map(\.name).filter { medians[1][$0] == nil }
        stages = names.map { Change($0, medians[0][$0] ?? 0, medians[1][$0] ?? 0) }
    }

    private static func requests(_ measurement: Measured) -> Double {
        measurement.requestsPerPhoto?.values.reduce(0) { $0 + $1.requests } ?? 0
    }
}
