import RenditionCore

extension TextTable {
    /// The table of a run: a line a photo, with each rendition's pixels and bytes, the time and the outcome.
    init(_ reports: [PhotoReport]) {
        self.init(["photo", "original"] + RenditionSize.all.map(\.name) + ["ms", "outcome"])
        for report in reports { add(Self.row(report)) }
    }

    private static func row(_ report: PhotoReport) -> [String] {
        var original = [report.bytes.map(Format.bytes)]
        if let width = report.width, let height = report.height {
            original.insert(contentsOf: [Format.pixels(width, height), report.format], at: 0)
        }
        let renditions = RenditionSize.all.map { size in
            guard let made = report.renditions.first(where: { $0.name == size.name }), report.outcome == .done else {
                return "–"
            }
            return "\(Format.pixels(made.width, made.height)) \(Format.bytes(made.bytes))"
        }
        return [shortened(report.filename), original.compactMap { $0 }.joined(separator: " ")] + renditions
            + [String(Int(report.working)), outcome(report)]
    }

    private static func shortened(_ name: String) -> String {
        name.count <= 32 ? name : name.prefix(20) + "…" + name.suffix(11)
    }

    private static func outcome(_ report: PhotoReport) -> String {
        if report.alreadyCurrent { return "done before" }
        return [report.outcome.rawValue, report.error?.message].compactMap { $0 }.joined(separator: ": ")
    }
}
