import Foundation
import RenditionCore

/// A ``StatusDocument`` as lines of text.
struct StatusPicture: Sendable {
    let lines: [String]

    /// - Parameter width: Columns; longer lines are cut.
    init(_ status: StatusDocument, width: Int) {
        var lines = ["renditions \(status.version)   \(status.store)   \(status.at.iso8601)"]
        if let problem = status.problem { lines.append("! \(problem)") }
        if let worker = status.worker { lines += Self.lines(worker) }
        if let queue = status.queue { lines += Self.lines(queue) }
        lines.append("")
        lines.append("workers")
        if status.workers.isEmpty { lines.append("  nothing is in anybody's hands") }
        for worker in status.workers {
            lines.append("  \(worker.owner)\(worker.isThis ? " (this one)" : "")   \(worker.photos.count) in hand")
            lines += worker.photos.map { photo in
                let stage = photo.stage.map { "\($0) \(photo.seconds.map(Self.seconds) ?? "")" }
                let attempt = photo.attempt > 1 ? "attempt \(photo.attempt)" : nil
                let parts = [photo.filename ?? photo.photo, "gallery \(photo.gallery)", stage, attempt]
                return "    " + parts.compactMap { $0 }.joined(separator: "   ")
            }
        }
        lines.append("")
        let dead = status.queue?.dead ?? status.failures.count
        lines.append("given up: \(dead)\(dead > status.failures.count ? ", of which \(status.failures.count)" : "")")
        for failure in status.failures {
            lines.append(
                "  \(failure.filename ?? "(its record is gone)")   \(failure.code ?? "?"): \(failure.message ?? "?")")
            lines.append("    renditions failed retry \(failure.photo)")
        }
        self.lines = lines.map { String($0.printable.prefix(max(20, width))) }
    }

    private static func lines(_ worker: StatusDocument.Worker) -> [String] {
        let visible = worker.visible
        return [
            "\(worker.owner)   \(worker.state)\(worker.reason.map { ": \($0)" } ?? "")   up \(seconds(Double(worker.uptime)))",
            "photos     \(worker.photosPerMinute) in the last minute   \(bars(worker.perMinute))",
            "           done \(worker.done)   current \(worker.alreadyCurrent)   tried again \(worker.retried)   "
                + "failed \(worker.failed)   read \(Format.bytes(worker.bytesRead))   written \(Format.bytes(worker.bytesWritten))",
            "visible    p50 \(seconds(visible.p50))   p95 \(seconds(visible.p95))   p99 \(seconds(visible.p99))   "
                + "of \(visible.count) photos",
        ]
            + (worker.settingsRefused == nil
                ? [] : ["settings   a change was refused; the worker's log says why, and it goes by those it had"])
    }

    private static func lines(_ queue: StatusDocument.Queue) -> [String] {
        [
            "waiting    \(queue.expedite + queue.fresh + queue.batch)   expedite \(queue.expedite)   fresh \(queue.fresh)   "
                + "batch \(queue.batch)   for another attempt \(queue.delayed)   in hand \(queue.leased)   "
                + "the oldest has waited \(seconds(queue.oldestDue))"
        ]
    }

    /// The last half hour, a character a minute.
    private static func bars(_ counts: [Int]) -> String {
        let marks = Array("▁▂▃▄▅▆▇█")
        let most = max(1, counts.max() ?? 1)
        return String(
            counts.suffix(30).map { $0 == 0 ? " " : marks[min(marks.count - 1, $0 * (marks.count - 1) / most)] })
    }

    private static func seconds(_ value: Double?) -> String {
        switch value {
        case nil: "–"
        case .some(..<10): String(format: "%.1f s", value ?? 0)
        case .some(..<120): "\(Int(value ?? 0)) s"
        case .some(..<7200): "\(Int((value ?? 0) / 60)) min"
        default: "\(Int((value ?? 0) / 3600)) h"
        }
    }
}
