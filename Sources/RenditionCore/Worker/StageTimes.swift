/// Where the time of a photo went: wall time by stage, added up.
///
/// A value that whoever works on the photo passes along; it costs a reading of the clock a stage.
package struct StageTimes: Sendable, Hashable {
    /// A part of a photo's way. Its name is what reports and files of measurements call it.
    package struct Stage: Sendable, Hashable {
        package let name: String

        package init(_ name: String) { self.name = name }

        // MARK: In the worker

        package static let claim = Stage("claim")
        /// In a line: for memory, or for a render thread.
        package static let wait = Stage("wait")
        package static let fetch = Stage("fetch")
        package static let probe = Stage("probe")
        package static let publish = Stage("publish")
        package static let commit = Stage("commit")
        /// Telling the queue how it ended.
        package static let finish = Stage("finish")

        // MARK: In the renderer

        /// What of the rendering its renderer doesn't tell more of.
        package static let render = Stage("render")
        /// Container and metadata. HEIF and RAW files and films are decoded here.
        package static let open = Stage("open")
        /// A decoder that is asked for all rows by itself.
        package static let decode = Stage("decode")
        /// A decoder that hands its rows to the reduction as that asks for them.
        package static let decodeAndResize = Stage("decode + resize")
        package static let colour = Stage("colour")
        /// Turning upright, and the photographer's adjustments; where nothing is turned, they are a part of `colour`.
        package static let orient = Stage("orient + adjust")
        package static let resize = Stage("resize")
        package static let receipt = Stage("receipt")
        package static let gainMap = Stage("gain map")
        package static let sharpenAndMark = Stage("sharpen + mark")
        package static let sketch = Stage("sketch")
        package static let readBack = Stage("read back")

        /// All files of one size, with their checksums.
        package static func encode(_ size: String) -> Stage { Stage("encode \(size)") }

        /// The stages in the order of a photo's way.
        package static let inOrder: [Stage] =
            [
                claim, wait, fetch, probe, render, open, decode, decodeAndResize, colour, orient, resize, receipt,
                gainMap,
            ]
            + [sharpenAndMark] + RenditionSize.all.reversed().map { encode($0.name) }
            + [sketch, readBack, publish, commit, finish]
    }

    package private(set) var durations: [Stage: Duration] = [:]

    package init() {}

    /// The time that a stage took; zero where it didn't happen.
    package subscript(stage: Stage) -> Duration { durations[stage] ?? .zero }

    /// All stages together.
    package var total: Duration { durations.values.reduce(.zero, +) }

    /// Adds to a stage.
    package mutating func add(_ stage: Stage, _ duration: Duration) { durations[stage, default: .zero] += duration }

    /// Adds the time since a moment to a stage.
    ///
    /// - Returns: now, where the next stage begins.
    @discardableResult
    package mutating func add(_ stage: Stage, since began: ContinuousClock.Instant) -> ContinuousClock.Instant {
        let now = ContinuousClock.now
        add(stage, now - began)
        return now
    }

    /// Adds all stages of others.
    package mutating func add(_ others: StageTimes) { durations.merge(others.durations) { $0 + $1 } }

    /// Adds the time that `body` takes to a stage, unless it throws.
    package mutating func measure<Result: ~Copyable, Failure>(
        _ stage: Stage, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let began = ContinuousClock.now
        let result = try body()
        add(stage, since: began)
        return result
    }
}

/// Milliseconds by the stages' names.
extension StageTimes: Codable {
    package init(from decoder: any Decoder) throws {
        let milliseconds = try decoder.singleValueContainer().decode([String: Double].self)
        for (name, count) in milliseconds { durations[Stage(name)] = .nanoseconds(Int64((count * 1e6).rounded())) }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(
            Dictionary(uniqueKeysWithValues: durations.map { ($0.name, $1.seconds * 1000) }))
    }
}
