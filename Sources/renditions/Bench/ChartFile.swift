import Foundation
import RenditionVips

/// The file that a chart is written to: an SVG, or a PNG of it.
struct ChartFile: Sendable {
    private enum Kind: String {
        case svg, png
    }

    let path: String
    private let kind: Kind

    /// - Returns: nil where the name says neither.
    init?(_ path: String) {
        guard let kind = Kind(rawValue: URL(fileURLWithPath: path).pathExtension.lowercased()) else { return nil }
        self.path = path
        self.kind = kind
    }

    /// Writes it twice as large as it is drawn, where it is made of pixels.
    func write(_ chart: StageChart) throws {
        let svg = chart.svg
        let bytes = kind == .svg ? Array(svg.utf8) : try VectorPicture.png(svg, scale: 2)
        try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    }
}
