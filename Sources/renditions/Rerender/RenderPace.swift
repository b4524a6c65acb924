import Foundation

/// How much processor time rendering takes, measured.
struct RenderPace: Codable, Sendable {
    /// Seconds.
    var perMegapixel: Double
    /// Where the figure is from.
    var source: String

    /// Four JPEGs of a 24-megapixel JPEG took 0.349 s, and the worker 0.012 s beside rendering, on an AMD EPYC of 2025 (the
    /// README's benchmark). HEIC and RAW files take several times that.
    static let benchmark = RenderPace(perMegapixel: 0.361 / 24, source: "the project's benchmark of camera JPEGs")

    /// Photos that a run must have rendered for its pace to count.
    private static let fewest = 20

    init(perMegapixel: Double, source: String) {
        self.perMegapixel = perMegapixel
        self.source = source
    }

    /// What a run found; nil where it rendered too little.
    init?(_ counts: RunTally.Counts, used: ProcessUsage, at now: Date = Date()) {
        guard counts.rendered >= Self.fewest, counts.megapixels > 0 else { return nil }
        let day = now.formatted(.iso8601.year().month().day())
        self.init(
            perMegapixel: used.seconds / counts.megapixels,
            source: "the run of \(day) here, of \(counts.rendered) photos")
    }

    /// What the last run in this folder found.
    static func last(in folder: String) -> RenderPace? {
        FileManager.default.contents(atPath: "\(folder)/pace.json").flatMap {
            try? JSONDecoder().decode(RenderPace.self, from: $0)
        }
    }

    /// Keeps what a run found, for the next estimate. It is no loss where that fails.
    func keep(in folder: String) {
        guard let data = try? JSONEncoder().encode(self) else { return }
        try? data.write(to: URL(fileURLWithPath: "\(folder)/pace.json"), options: .atomic)
    }
}
