import Foundation
import RenditionCore

/// What a run came to, for its end.
struct RunSummary: Encodable {
    struct Failed: Encodable {
        var photo: String
        var filename: String?
        var code: String?
        var message: String?
    }

    var run: String?
    var chosen: Int
    var done: Int
    var current: Int
    var failed: Int
    var dropped: Int
    var seconds: Double
    /// Photos that had ended before this process began, which say nothing of its pace.
    private var before: Int
    /// Whether it goes on: it was stopped, or its photos wait in the queue.
    var isUnfinished: Bool
    /// The first of those that failed.
    var failures: [Failed] = []

    private enum CodingKeys: String, CodingKey {
        case run, chosen, done, current, failed, dropped, seconds, failures
        case isUnfinished = "unfinished"
    }

    /// - Parameter store: Where failed photos' names are looked up.
    init(_ tally: RunTally, run: String?, took duration: Duration, isUnfinished: Bool, store: any PhotoStore) async {
        let counts = tally.counts
        self.run = run
        (chosen, done, current, failed, dropped) = (
            counts.chosen, counts.done, counts.current, counts.failed, counts.dropped
        )
        before = counts.before
        seconds = (duration.seconds * 1000).rounded() / 1000
        self.isUnfinished = isUnfinished
        for failure in tally.failures {
            let record = try? await store.records.record(failure.photo.id)
            failures.append(
                Failed(
                    photo: failure.photo.id, filename: record?.filename, code: failure.error?.code,
                    message: failure.error?.message))
        }
    }

    /// For a person.
    ///
    /// - Parameter here: Whether this process rendered, which knows what was current.
    func text(here: Bool) -> String {
        var lines: [String] = []
        for failure in failures {
            let name = failure.filename.map { "  \($0.printable)" } ?? ""
            lines.append("\(failure.photo)\(name)  \((failure.message ?? "no reason is known").printable)")
        }
        if failed > failures.count { lines.append("… and \(failed - failures.count) more") }
        var parts = ["\(done) of \(chosen) photos done"]
        if here, current > 0 { parts.append("\(current) of them were current") }
        if failed > 0 { parts.append("\(failed) failed") }
        if dropped > 0 { parts.append("\(dropped) taken out of the queue") }
        let recent = done - before
        let rate = seconds > 0 && recent > 0 ? String(format: ", %.1f/s", Double(recent) / seconds) : ""
        lines.append(parts.joined(separator: ", ") + String(format: " in %.1f s", seconds) + rate + ".")
        if let first = failures.first {
            lines.append("Why: renditions failed show \(first.photo)   Again: renditions failed retry \(first.photo)")
        }
        return lines.joined(separator: "\n")
    }
}
