import Foundation
import RenditionTestKit

/// Follows a worker process's memory while it runs, and reads what it said of its render processes afterwards.
struct WorkerWatch {
    /// Resident memory of the worker itself, in bytes, at even intervals.
    private(set) var samples: [Int] = []
    let result: Command.Result

    /// Runs a worker until nothing is owed.
    init(_ arguments: [String], _ settings: [String: String]) async throws {
        let worker = try Renditions.start(
            ["worker", "--drain", "--json"] + arguments,
            settings.merging(["RENDITIONS_LOG_LEVEL": "debug", "RENDITIONS_LOG_FORMAT": "human"]) { $1 })
        defer { if worker.isRunning { worker.signal(SIGKILL) } }
        var samples: [Int] = []
        while worker.isRunning {
            if let resident = Self.resident(worker.pid) { samples.append(resident) }
            try await Task.sleep(for: .milliseconds(100))
        }
        self.samples = samples
        result = try await worker.wait()
    }

    private static func resident(_ process: Int32) -> Int? {
        let text = FileManager.default.contents(atPath: "/proc/\(process)/statm").map {
            String(decoding: $0, as: UTF8.self)
        }
        return text?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * Int(getpagesize()) }
    }

    var reports: [[String: Any]] { get throws { try Renditions.reports(result.output) } }

    /// The most memory and the most seconds that a render process took.
    var largestProcess: (mebibytes: Int, seconds: Double) {
        let ends = result.errors.split(separator: "\n").filter { $0.contains("A render process ended.") }
        func largest(_ name: String) -> Double {
            ends.compactMap { line in
                line.range(of: "\(name)=").map { line[$0.upperBound...].prefix { $0 != " " } }.flatMap { Double($0) }
            }.max() ?? 0
        }
        return (Int(largest("peak_mib")), largest("seconds"))
    }

    /// The median of a third of the worker's samples, in MiB.
    func median(ofThird third: Int) -> Int {
        let count = samples.count / 3
        guard count > 0 else { return 0 }
        return samples[(third * count)..<((third + 1) * count)].sorted()[count / 2] >> 20
    }
}
