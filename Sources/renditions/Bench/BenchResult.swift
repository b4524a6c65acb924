import Foundation
import RenditionCore

/// All that a benchmark found, as it is printed and kept.
struct BenchResult: Codable, Sendable, Equatable {
    /// Rendering alone and end to end in one run.
    struct Overhead: Codable, Sendable, Equatable {
        /// The worker's CPU time ÷ that of rendering alone; the median of the rounds.
        var ratio: Double
        var rounds: [Double]

        /// Both measurements' rounds stand in the same order.
        init(_ endToEnd: Measured, _ rendering: Measured) {
            rounds = zip(endToEnd.rounds, rendering.rounds).map {
                $0.cpuSecondsPerPhoto / max($1.cpuSecondsPerPhoto, 1e-9)
            }
            ratio = Distribution(rounds).median
        }
    }

    /// Rendering alone on a number of threads.
    struct Width: Codable, Sendable, Equatable {
        var threads: Int
        var photosPerMinute: Double
        var cpuSecondsPerPhoto: Double
        /// Photos a minute ÷ those of one thread; the median of the rounds.
        var ratio: Double
        var rounds: [Double]
        /// The part of the machine that others used in each round: what disturbs it makes its ratio worthless.
        var others: [Double]

        init(_ threads: Int, _ measured: Measured, beside one: Measured) {
            self.threads = threads
            photosPerMinute = measured.photosPerMinute
            cpuSecondsPerPhoto = measured.cpuSecondsPerPhoto
            rounds = zip(measured.rounds, one.rounds).map { $0.photosPerMinute / max($1.photosPerMinute, 1e-9) }
            ratio = Distribution(rounds).median
            others = measured.rounds.compactMap(\.othersShare)
        }
    }

    /// The form of this file; a program that knows another doesn't read it.
    var format = Self.currentFormat
    /// ISO 8601.
    var date: String
    var surroundings: Surroundings
    /// The worker on a store.
    var endToEnd: Measured?
    /// Rendering alone.
    var rendering: Measured?
    var overhead: Overhead?
    var scaling: [Width]?
    var comparison: BenchComparison?

    static let currentFormat = 1

    init(_ surroundings: Surroundings, date: Date = Date()) {
        self.date = Timestamp(date).iso8601
        self.surroundings = surroundings
    }

    /// The stages that are worth a table and a chart: the worker's where there are some.
    var main: Measured? { endToEnd ?? rendering }

    var failed: Int { (endToEnd?.failed ?? 0) + (rendering?.failed ?? 0) }

    /// What is wrong with a file that is to be compared with.
    struct Unreadable: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    /// Reads what an earlier benchmark printed.
    ///
    /// - Throws: ``Unreadable``.
    static func read(_ path: String) throws -> BenchResult {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Unreadable("\(path) can't be read; name a file that `renditions bench --json` wrote.")
        }
        struct Head: Decodable { var format: Int }
        guard let head = try? JSONDecoder().decode(Head.self, from: data) else {
            throw Unreadable("\(path) is not what `renditions bench --json` writes.")
        }
        guard head.format == currentFormat, let result = try? JSONDecoder().decode(BenchResult.self, from: data) else {
            throw Unreadable("\(path) was written by another version of this benchmark; measure anew.")
        }
        return result
    }
}
