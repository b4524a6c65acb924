import Foundation
import RenditionCore

/// A chart of the stages: how long each takes in most photos, and at worst.
///
/// One SVG file without scripts or fonts of its own, which follows its reader's light or dark surroundings.
struct StageChart {
    private let result: BenchResult
    private let stages: [Measured.Stage]

    /// - Returns: nil where nothing was measured by stage.
    init?(_ result: BenchResult) {
        guard let measured = result.main else { return nil }
        self.result = result
        // How long photos stand in line says how many there were, and would make all else small.
        stages = measured.stages.filter { $0.name != StageTimes.Stage.wait.name }
    }

    private enum Place {
        static let width = 860.0
        static let left = 150.0
        static let right = 600.0
        static let top = 96.0
        static let row = 26.0
        static let bar = 16.0
    }

    private var height: Double { Place.top + Double(stages.count) * Place.row + 56 }

    var svg: String {
        let longest = max(stages.map(\.p99).max() ?? 0, 1e-3)
        var parts = [header, title]
        for tick in Self.ticks(to: longest) { parts.append(line(at: tick, longest)) }
        for (row, stage) in stages.enumerated() { parts.append(bars(stage, row, longest)) }
        parts.append(legend)
        return parts.joined(separator: "\n") + "\n</svg>\n"
    }

    private var header: String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="\(Int(Place.width))" height="\(Int(height))" \
        viewBox="0 0 \(Int(Place.width)) \(Int(height))" font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="13">
        <style>
        .paper { fill: #ffffff } .ink { fill: #1f2328 } .faint { fill: #656d76 } .line { stroke: #d8dee4 }
        .p50 { fill: #0969da } .p90 { fill: #9cc7f2 } .p99 { stroke: #1f2328 }
        @media (prefers-color-scheme: dark) {
        .paper { fill: #0d1117 } .ink { fill: #e6edf3 } .faint { fill: #8d96a0 } .line { stroke: #30363d }
        .p50 { fill: #58a6ff } .p90 { fill: #1f4b7f } .p99 { stroke: #e6edf3 }
        }
        </style>
        <rect class="paper" width="100%" height="100%"/>
        """
    }

    private var title: String {
        let (surroundings, measured) = (result.surroundings, result.main)
        let first = result.endToEnd == nil ? "Rendering alone" : "A photo's way, end to end"
        let second = [
            "\(surroundings.corpus.photos) photos", "\(surroundings.threads) render threads",
            measured.map { "\($0.photosPerMinute.places(1)) photos a minute" },
            measured.map { "\($0.cpuSecondsPerPhoto.places(2)) CPU s a photo" }, String(result.date.prefix(10)),
        ].compactMap { $0 }.joined(separator: " · ")
        return text(first, 20, 32, "ink", size: 18, weight: "600") + "\n" + text(second, 20, 54, "faint")
    }

    private func bars(_ stage: Measured.Stage, _ row: Int, _ longest: Double) -> String {
        let y = Place.top + Double(row) * Place.row
        let middle = y + Place.bar - 3.5
        let tick = Self.x(stage.p99, longest)
        func bar(_ value: Double, _ name: String) -> String {
            let width = max(0.5, Self.x(value, longest) - Place.left)
            return "<rect class=\"\(name)\" x=\"\(Place.left)\" y=\"\(y)\" width=\"\(width.places(1))\" "
                + "height=\"\(Place.bar)\" rx=\"2\"/>"
        }
        let numbers = "\(stage.p50.places(1)) / \(stage.p90.places(1)) / \(stage.p99.places(1)) ms"
        return [
            text(stage.name, Place.left - 10, middle, "ink", anchor: "end"), bar(stage.p90, "p90"),
            bar(stage.p50, "p50"),
            "<path class=\"p99\" stroke-width=\"2\" d=\"M\(tick.places(1)) \(y)v\(Place.bar)\"/>",
            text(numbers, Place.width - 70, middle, "faint", anchor: "end"),
            text("\((stage.share * 100).places(1)) %", Place.width - 20, middle, "ink", anchor: "end"),
        ].joined(separator: "\n")
    }

    private func line(at tick: Double, _ longest: Double) -> String {
        let x = Self.x(tick, longest).places(1)
        let bottom = Place.top + Double(stages.count) * Place.row
        return "<path class=\"line\" d=\"M\(x) \(Place.top - 8)V\(bottom)\"/>\n"
            + text(
                "\(tick.places(longest < 4 ? 1 : 0)) ms", Self.x(tick, longest), Place.top - 14, "faint",
                anchor: "middle")
    }

    private var legend: String {
        let y = height - 24
        func box(_ name: String, _ x: Double) -> String {
            "<rect class=\"\(name)\" x=\"\(x)\" y=\"\(y - 10)\" width=\"12\" height=\"12\" rx=\"2\"/>"
        }
        return [
            box("p50", 150), text("median", 168, y, "faint"), box("p90", 240), text("90th percentile", 258, y, "faint"),
            "<path class=\"p99\" stroke-width=\"2\" d=\"M388 \(y - 10)v12\"/>",
            text("99th percentile", 398, y, "faint"),
            text("share of the time", Place.width - 20, y, "faint", anchor: "end"),
        ].joined(separator: "\n")
    }

    private static func x(_ value: Double, _ longest: Double) -> Double {
        Place.left + value / longest * (Place.right - Place.left)
    }

    /// Round numbers from 0 on, four to eight of them.
    static func ticks(to longest: Double) -> [Double] {
        let power = pow(10, floor(log10(longest / 4)))
        let step = [1.0, 2, 5, 10].map { $0 * power }.first { longest / $0 <= 8 } ?? power * 10
        return Array(stride(from: 0, through: longest, by: step))
    }

    private func text(
        _ content: String, _ x: Double, _ y: Double, _ name: String, anchor: String = "start", size: Int = 13,
        weight: String = "400"
    ) -> String {
        "<text class=\"\(name)\" x=\"\(x.places(1))\" y=\"\(y.places(1))\" text-anchor=\"\(anchor)\" "
            + "font-size=\"\(size)\" font-weight=\"\(weight)\">\(Self.escaped(content))</text>"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
