import Foundation
import RenditionCore

/// The stages of a photo's way, a line each, with a bar that begins where the stage before ended.
struct StageTable {
    private let stages: [Measured.Stage]

    init(_ measurement: Measured) { stages = measurement.stages }

    private static let width = 40

    var text: String {
        let columns = stages.map { [$0.p50.places(1), $0.p90.places(1), $0.p99.places(1), Self.percent($0.share)] }
        let header = ["p50 ms", "p90 ms", "p99 ms", "share"]
        let widths = header.indices.map { column in
            max(header[column].count, columns.map { $0[column].count }.max() ?? 0)
        }
        func aligned(_ cells: [String]) -> [String] {
            zip(cells, widths).map { String(repeating: " ", count: $1 - $0.count) + $0 }
        }
        var table = TextTable(["stage"] + aligned(header) + [""])
        var begin = 0.0
        for (stage, cells) in zip(stages, columns) {
            table.add([stage.name] + aligned(cells) + [Self.bar(from: begin, share: stage.share)])
            begin += stage.share
        }
        return ([table.text] + notes).joined(separator: "\n")
    }

    private static func percent(_ share: Double) -> String { share > 0 ? "\((share * 100).places(1)) %" : "" }

    /// Eighths of a character, behind as many blanks as the stages before take.
    static func bar(from begin: Double, share: Double) -> String {
        let (start, length) = (begin * Double(width), share * Double(width))
        guard length > 0 else { return "" }
        let eighths = max(1, Int((length * 8).rounded()))
        let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        return String(repeating: " ", count: Int(start)) + String(repeating: "█", count: eighths / 8)
            + parts[eighths % 8]
    }

    /// What the names don't say.
    private var notes: [String] {
        let names = Set(stages.map(\.name))
        return [
            (
                StageTimes.Stage.wait.name,
                "wait: in a line for memory or a thread; it is no part of the shares."
            ),
            (
                StageTimes.Stage.decodeAndResize.name,
                "decode + resize: libvips' decoder hands its rows to the first reduction as that asks for them."
            ),
            (
                StageTimes.Stage.open.name,
                "open: the container and the metadata; HEIF, RAW files and films are decoded here."
            ),
        ].filter { names.contains($0.0) }.map(\.1)
    }
}
