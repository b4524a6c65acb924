import RenditionCore
import RenditionLocal

/// A turn of rendering alone: files are read and rendered, and what comes out is let go.
struct RenderingTurn: Sendable {
    let renderer: any PhotoRenderer
    let instructions: RenderInstructions
    let limits: RenderLimits
    let interruption: Interruption

    /// - Parameter width: Photos rendered at once.
    func run(_ files: [OriginalFile], width: Int) async throws -> Turn {
        let pool = DispatchPool(width: width, label: "renditions.bench")
        let watch = Turn.Watch()
        let reports = try await withThrowingTaskGroup(of: PhotoReport.self) { group in
            for file in files { group.addTask { try await pool.run { try render(file) } } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        return watch.turn(reports)
    }

    private func render(_ file: OriginalFile) throws -> PhotoReport {
        try interruption.check()
        let began = ContinuousClock.now
        var report = PhotoReport(photo: file.path, gallery: "", filename: file.name, attempt: 1, outcome: .done)
        do {
            let original = try report.stages.measure(.fetch) { try DurableFile.read(file.path) ?? [] }
            let photo = try renderer.render(original, as: instructions, limits: limits)
            report.note(photo.probe, bytes: original.count)
            report.stages.add(photo.times)
            report.renditions = photo.renditions.map(PhotoReport.Made.init)
        } catch let error as RenditionError {
            (report.outcome, report.error) = (.failed, error)
        }
        report.milliseconds = (ContinuousClock.now - began).seconds * 1000
        return report
    }
}
