import Foundation
import RenditionAWS
import RenditionCore

/// What turns of one kind came to, all rounds together.
struct Measured: Codable, Sendable, Equatable {
    /// One stage's time over the photos that went through it, in milliseconds.
    struct Stage: Codable, Sendable, Equatable {
        var name: String
        /// How many went through it.
        var photos: Int
        var mean: Double
        var p50: Double
        var p90: Double
        var p99: Double
        /// Its part of the time of all stages but the wait, 0–1.
        var share: Double
    }

    /// An operation's requests a photo.
    struct Requests: Codable, Sendable, Equatable {
        var requests: Double
        /// Of these, those that were sent again.
        var retries: Double
        /// DynamoDB's capacity units.
        var units: Double
    }

    /// Photos of all rounds.
    var photos: Int
    var failed: Int
    /// The median of the rounds.
    var photosPerMinute: Double
    /// The median of the rounds.
    var cpuSecondsPerPhoto: Double
    var userSecondsPerPhoto: Double
    var systemSecondsPerPhoto: Double
    /// Processor time ÷ (wall time × render threads); the median of the rounds.
    var busyShare: Double
    /// The part of all processors' time that nobody on this machine used; the median of the rounds.
    var idleShare: Double?
    /// The part of it that others used, such as an emulator, or what disturbs the measurement; the median of the rounds.
    var othersShare: Double?
    /// Bytes, in the round that took most; nil where the system doesn't tell.
    var peakMemory: Int?
    /// Bytes.
    var bytesInPerPhoto: Double
    var bytesOutPerPhoto: Double
    /// Files of renditions.
    var renditions: Int
    var stages: [Stage]
    /// By service and operation; nil where nothing is sent.
    var requestsPerPhoto: [String: Requests]?
    /// Photos of others that the worker took along.
    var strangers: Int
    /// What each round came to.
    var rounds: [Round]

    struct Round: Codable, Sendable, Equatable {
        var seconds: Double
        var photosPerMinute: Double
        var cpuSecondsPerPhoto: Double
        var busyShare: Double
        var othersShare: Double?

        init(_ turn: Turn, threads: Int) {
            let count = Double(max(1, turn.reports.count))
            seconds = turn.wall.seconds
            photosPerMinute = count / max(seconds, 1e-9) * 60
            cpuSecondsPerPhoto = turn.usage.seconds / count
            busyShare = turn.usage.seconds / max(seconds * Double(threads), 1e-9)
            let own = turn.usage.seconds / max(seconds * Double(ProcessInfo.processInfo.activeProcessorCount), 1e-9)
            othersShare = turn.idleShare.map { max(0, 1 - $0 - own) }
        }
    }

    /// - Parameter threads: Photos rendered at once.
    init(_ turns: [Turn], threads: Int) {
        let reports = turns.flatMap(\.reports)
        let count = Double(max(1, reports.count))
        rounds = turns.map { Round($0, threads: threads) }
        photos = reports.count
        failed = reports.count { $0.outcome != .done }
        photosPerMinute = Distribution(rounds.map(\.photosPerMinute)).median
        cpuSecondsPerPhoto = Distribution(rounds.map(\.cpuSecondsPerPhoto)).median
        userSecondsPerPhoto = turns.reduce(0) { $0 + $1.usage.user } / count
        systemSecondsPerPhoto = turns.reduce(0) { $0 + $1.usage.system } / count
        busyShare = Distribution(rounds.map(\.busyShare)).median
        idleShare = Self.median(turns.map(\.idleShare))
        othersShare = Self.median(rounds.map(\.othersShare))
        peakMemory = turns.compactMap(\.peakMemory).max()
        bytesInPerPhoto = Double(reports.reduce(0) { $0 + ($1.bytes ?? 0) }) / count
        let made = reports.filter { $0.outcome == .done }.flatMap(\.renditions)
        bytesOutPerPhoto = Double(made.reduce(0) { $0 + $1.bytes }) / count
        renditions = made.count
        stages = Self.stages(reports.map(\.stages))
        let counts = turns.compactMap(\.requests)
        requestsPerPhoto = counts.isEmpty ? nil : Self.requests(counts, photos: count)
        strangers = turns.reduce(0) { $0 + $1.strangers }
    }

    private static func median(_ values: [Double?]) -> Double? {
        let known = values.compactMap { $0 }
        return known.isEmpty ? nil : Distribution(known).median
    }

    private static func stages(_ times: [StageTimes]) -> [Stage] {
        let seen = Set(times.flatMap(\.durations.keys))
        let order = StageTimes.Stage.inOrder
        let names = order.filter(seen.contains) + seen.subtracting(order).sorted { $0.name < $1.name }
        func sum(_ stage: StageTimes.Stage) -> Double { times.reduce(0) { $0 + $1[stage].seconds } }
        let work = max(names.filter { $0 != .wait }.reduce(0) { $0 + sum($1) }, 1e-9)
        return names.map { stage in
            let all = Distribution(times.compactMap { $0.durations[stage].map { $0.seconds * 1000 } })
            return Stage(
                name: stage.name, photos: all.count, mean: all.sum / Double(max(1, all.count)), p50: all.median,
                p90: all.percentile(90), p99: all.percentile(99), share: stage == .wait ? 0 : sum(stage) / work)
        }
    }

    private static func requests(
        _ counts: [[String: RequestMeter.Count]], photos: Double
    ) -> [String: Requests] {
        var sums: [String: Requests] = [:]
        for (call, count) in counts.flatMap({ $0 }) {
            var sum = sums[call] ?? Requests(requests: 0, retries: 0, units: 0)
            sum.requests += Double(count.requests) / photos
            sum.retries += Double(count.retries) / photos
            sum.units += count.units / photos
            sums[call] = sum
        }
        return sums
    }
}
