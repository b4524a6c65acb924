import Foundation
import RenditionAWS
import RenditionCore

/// The worker's figures as Prometheus reads them.
///
/// Source: OpenMetrics 1.0, and Prometheus' text format 0.0.4 for those that don't ask for it. They differ in a counter's name
/// beside its type and in the end.
struct MetricsText {
    private let isOpenMetrics: Bool
    private(set) var text = ""

    private init(isOpenMetrics: Bool) { self.isOpenMetrics = isOpenMetrics }

    /// - Parameter accept: The request's `Accept`.
    static func isOpenMetrics(_ accept: String?) -> Bool { accept?.contains("application/openmetrics-text") == true }

    static func contentType(isOpenMetrics: Bool) -> String {
        isOpenMetrics
            ? "application/openmetrics-text; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8"
    }

    /// - Parameters:
    ///   - settings: nil where nothing keeps them.
    ///   - overview: nil while the store can't be asked; its metrics are left out then.
    ///   - requests: What the store's services were asked, by service and operation.
    static func text(
        _ status: WorkerStatus.Snapshot, threads: Int, settings: SettingsReload.State?, overview: StoreOverview.View?,
        requests: [String: RequestMeter.Count], isOpenMetrics: Bool
    ) -> String {
        var text = MetricsText(isOpenMetrics: isOpenMetrics)
        text.worker(status, threads: threads)
        if let settings { text.settings(settings) }
        if let overview { text.queue(overview) }
        text.requests(requests)
        text.process()
        if isOpenMetrics { text.text += "# EOF\n" }
        return text.text
    }

    // MARK: Groups

    private mutating func worker(_ status: WorkerStatus.Snapshot, threads: Int) {
        let totals = status.totals
        gauge("renditions_build_info", "Which version this is.", [("version", Renditions.version)], 1)
        counter(
            "renditions_photos", "Photos settled, by what became of them.",
            [PhotoReport.Outcome.done, .retry, .failed, .released, .abandoned].map { outcome in
                ([("outcome", outcome.rawValue)], Double(totals.outcomes[outcome] ?? 0))
            })
        counter(
            "renditions_photos_current", "Photos that were found current, so that nothing was rendered.",
            [([], Double(totals.alreadyCurrent))])
        counter(
            "renditions_failures", "Failures of attempts, by code.",
            totals.failures.sorted { $0.key < $1.key }.map { ([("code", $0.key)], Double($0.value)) })
        counter(
            "renditions_bytes", "Bytes of originals that were rendered, and of the renditions made.",
            [
                ([("kind", "original")], Double(totals.bytesRead)),
                ([("kind", "rendition")], Double(totals.bytesWritten)),
            ])
        head("renditions_stage_seconds", "summary", "Seconds that photos spent in a stage.")
        for (stage, summary) in totals.stages.sorted(by: { $0.key.name < $1.key.name }) {
            sample("renditions_stage_seconds_count", [("stage", stage.name)], Double(summary.count))
            sample("renditions_stage_seconds_sum", [("stage", stage.name)], summary.sum)
        }
        histogram(
            "renditions_upload_to_visible_seconds",
            "Seconds from a record's creation to its completion, the first time.",
            totals.visible)
        counter(
            "renditions_mails", "Mails to photographers, by what became of them.",
            MailOutcome.allCases.map { ([("outcome", $0.rawValue)], Double(totals.mails[$0] ?? 0)) })
        gauge("renditions_in_hand", "Photos in the worker's hands.", [], Double(status.inHand.count))
        gauge("renditions_threads", "Photos rendered at once, at most.", [], Double(threads))
        var isPaused = false
        if case .paused = status.condition { isPaused = true }
        gauge("renditions_paused", "Whether the store is unable, so that nothing is claimed.", [], isPaused ? 1 : 0)
    }

    private mutating func settings(_ state: SettingsReload.State) {
        gauge(
            "renditions_settings_read_timestamp_seconds", "When the settings in force were read.", [],
            (state.read - Timestamp(milliseconds: 0)).seconds)
        gauge(
            "renditions_settings_refused", "Whether a change of the settings was refused and isn't mended yet.", [],
            state.refused == nil ? 0 : 1)
    }

    private mutating func queue(_ view: StoreOverview.View) {
        let depth = view.depth
        head("renditions_queue_waiting", "gauge", "Photos that wait for a worker, by lane.")
        for lane in LaneClass.allCases {
            sample("renditions_queue_waiting", [("lane", lane.rawValue)], Double(depth.waiting[lane] ?? 0))
        }
        gauge("renditions_queue_due", "Photos that may be claimed now.", [], Double(depth.due))
        gauge("renditions_queue_delayed", "Photos that wait for another attempt.", [], Double(depth.delayed))
        gauge("renditions_queue_leased", "Photos in workers' hands.", [], Double(depth.leased))
        gauge("renditions_queue_dead", "Photos that were given up.", [], Double(depth.dead))
        gauge(
            "renditions_queue_oldest_due_seconds", "How long the oldest work could have been claimed.", [],
            depth.oldestDue.map { max(0, (view.at - $0).seconds) } ?? 0)
    }

    private mutating func requests(_ counts: [String: RequestMeter.Count]) {
        let sorted = counts.sorted { $0.key < $1.key }.map { call, count in
            (
                labels: zip(["service", "operation"], call.split(separator: " ", maxSplits: 1)).map {
                    ($0, String($1))
                }, count
            )
        }
        if sorted.isEmpty { return }
        counter(
            "renditions_store_requests", "Requests to the store's services, repeated ones included.",
            sorted.map { ($0.labels, Double($0.1.requests)) })
        counter(
            "renditions_store_retries", "Requests that were sent again.",
            sorted.map { ($0.labels, Double($0.1.retries)) })
        counter(
            "renditions_store_capacity_units", "DynamoDB's capacity units consumed.",
            sorted.filter { $0.1.units > 0 }.map { ($0.labels, $0.1.units) })
    }

    /// The names are those of Prometheus' own clients.
    private mutating func process() {
        counter(
            "process_cpu_seconds", "CPU time of the worker and of the render processes that have ended.",
            [([], ProcessUsage.now.seconds)])
        gauge("process_resident_memory_bytes", "Resident memory of the worker.", [], Double(Self.residentBytes ?? 0))
    }

    private static var residentBytes: Int? {
        // Its second number counts pages.
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map {
            $0 * Int(sysconf(Int32(_SC_PAGESIZE)))
        }
    }

    // MARK: The format

    private mutating func head(_ name: String, _ type: String, _ help: String) {
        let shown = type == "counter" && !isOpenMetrics ? name + "_total" : name
        text += "# HELP \(shown) \(help)\n# TYPE \(shown) \(type)\n"
    }

    private mutating func counter(
        _ name: String, _ help: String, _ samples: [(labels: [(String, String)], value: Double)]
    ) {
        head(name, "counter", help)
        for entry in samples { sample("\(name)_total", entry.labels, entry.value) }
    }

    private mutating func gauge(_ name: String, _ help: String, _ labels: [(String, String)], _ value: Double) {
        head(name, "gauge", help)
        sample(name, labels, value)
    }

    private mutating func histogram(_ name: String, _ help: String, _ histogram: WorkerStatus.Histogram) {
        head(name, "histogram", help)
        var sum = 0
        for (index, count) in histogram.counts.enumerated() {
            sum += count
            let isLast = index == WorkerStatus.Histogram.bounds.count
            let bound = isLast ? "+Inf" : Self.number(WorkerStatus.Histogram.bounds[index])
            sample("\(name)_bucket", [("le", bound)], Double(sum))
        }
        sample("\(name)_count", [], Double(histogram.summary.count))
        sample("\(name)_sum", [], histogram.summary.sum)
    }

    private mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Double) {
        let list = labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
        text += "\(name)\(list.isEmpty ? "" : "{\(list)}") \(Self.number(value))\n"
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(format: "%.1f", value) : String(value)
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
