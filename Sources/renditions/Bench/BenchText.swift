import Foundation
import RenditionCore

/// A benchmark's result for people.
struct BenchText {
    private let result: BenchResult

    init(_ result: BenchResult) { self.result = result }

    var text: String {
        var parts = [heading]
        if let measured = result.endToEnd { parts += ["End to end", totals(of: measured), requests(of: measured)] }
        if let measured = result.rendering { parts += ["Rendering alone", totals(of: measured)] }
        if let overhead = result.overhead { parts.append(line(overhead)) }
        if let scaling = result.scaling { parts.append(table(scaling)) }
        if let measured = result.main, !measured.stages.isEmpty { parts += [StageTable(measured).text] }
        if let comparison = result.comparison { parts.append(table(comparison)) }
        return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private var heading: String {
        let (surroundings, corpus) = (result.surroundings, result.surroundings.corpus)
        let files = corpus.files == corpus.photos ? "" : " (\(corpus.files) files)"
        let bound = surroundings.inFlight.map { ", \($0) photos in flight" } ?? ""
        let store = surroundings.store.map { ", \($0)" } ?? ""
        return [
            "\(corpus.photos) photos\(files), \(Format.bytes(corpus.bytes)); "
                + "\(surroundings.threads) render threads\(bound)\(store)",
            "\(surroundings.machine.processor), \(surroundings.machine.cores) cores, \(surroundings.machine.system)",
            surroundings.software.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "),
        ].joined(separator: "\n")
    }

    private func totals(of measured: Measured) -> String {
        let rounds = measured.rounds
        func spread(_ value: (Measured.Round) -> Double, _ places: Int) -> String {
            let all = Distribution(rounds.map(value))
            guard all.count > 1 else { return "" }
            return "  (\(all.count) rounds: \(all.lowest.places(places)) to \(all.highest.places(places)))"
        }
        let cpu = "user \(measured.userSecondsPerPhoto.places(3)), system \(measured.systemSecondsPerPhoto.places(3))"
        var lines = [
            ("photos a minute", measured.photosPerMinute.places(1) + spread(\.photosPerMinute, 1)),
            (
                "CPU s a photo",
                "\(measured.cpuSecondsPerPhoto.places(3)) (\(cpu))" + spread(\.cpuSecondsPerPhoto, 3)
            ),
            (
                "busy", "\((measured.busyShare * 100).places(0)) % (CPU time ÷ wall time of the render threads)"
            ),
            ("machine", machine(measured)),
            ("peak memory", measured.peakMemory.map(Format.bytes) ?? "unknown"),
            (
                "bytes a photo",
                "\(Format.bytes(Int(measured.bytesInPerPhoto))) in, \(Format.bytes(Int(measured.bytesOutPerPhoto))) out"
            ),
        ]
        if measured.failed > 0 { lines.append(("failed", "\(measured.failed) of \(measured.photos) photos")) }
        if measured.strangers > 0 { lines.append(("others'", "\(measured.strangers) photos were rendered along")) }
        return lines.map { "  \($0.0.padding(toLength: 17, withPad: " ", startingAt: 0))\($0.1)" }
            .joined(separator: "\n")
    }

    private func machine(_ measured: Measured) -> String {
        guard let idle = measured.idleShare, let others = measured.othersShare else { return "unknown" }
        return "\((idle * 100).places(0)) % of all cores idle, \((others * 100).places(0)) % used by others"
    }

    private func requests(of measured: Measured) -> String {
        guard let requests = measured.requestsPerPhoto else {
            return "  An embedded store sends no requests."
        }
        var table = TextTable(["  requests a photo", "sent", "again", "capacity units"])
        for (call, count) in requests.sorted(by: { $0.key < $1.key }) {
            table.add([
                "  \(call)", count.requests.places(2), count.retries > 0 ? count.retries.places(2) : "",
                count.units > 0 ? count.units.places(2) : "",
            ])
        }
        return table.text
    }

    private func line(_ overhead: BenchResult.Overhead) -> String {
        let rounds = overhead.rounds.map { $0.places(3) }.joined(separator: ", ")
        return "Overhead: the worker takes \(overhead.ratio.places(3)) times the CPU of rendering alone "
            + "(rounds: \(rounds))."
    }

    private func table(_ scaling: [BenchResult.Width]) -> String {
        var table = TextTable([
            "render threads", "photos a minute", "CPU s a photo", "times one thread", "rounds",
            "others' use of the cores",
        ])
        for width in scaling {
            table.add([
                String(width.threads), width.photosPerMinute.places(1), width.cpuSecondsPerPhoto.places(3),
                width.ratio.places(2), width.rounds.map { $0.places(2) }.joined(separator: " "),
                width.others.map { "\(($0 * 100).places(0)) %" }.joined(separator: " "),
            ])
        }
        return table.text
    }

    private func table(_ comparison: BenchComparison) -> String {
        var table = TextTable(["change", "before", "now", "%"])
        func add(_ changes: [BenchComparison.Change], _ unit: String, _ places: Int) {
            for change in changes {
                let percent = change.percent.map { String(format: "%+.1f", $0) } ?? "–"
                table.add([
                    change.name + unit, change.before.places(places), change.now.places(places), percent,
                ])
            }
        }
        add(comparison.totals, "", 3)
        add(comparison.stages, ", p50 ms", 1)
        let warning =
            comparison.differences.isEmpty
            ? [] : ["The two may not be comparable:"] + comparison.differences.map { "  \($0)" }
        return (["Beside the benchmark of \(comparison.date)"] + warning + ["", table.text]).joined(separator: "\n")
    }
}

extension Double {
    /// With so many digits behind the point.
    func places(_ count: Int) -> String { String(format: "%.\(count)f", self) }
}
