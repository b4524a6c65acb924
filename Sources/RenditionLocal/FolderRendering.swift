import Foundation
import RenditionCore

/// Renders files straight into a folder, by the worker's pipeline and under its names, without a store.
package struct FolderRendering: Sendable {
    private let renderer: any PhotoRenderer
    private let limits: RenderLimits
    private let instructions: RenderInstructions
    private let pool: DispatchPool
    private let admission: Admission

    /// - Parameters:
    ///   - width: Photos rendered at once.
    ///   - memoryBudget: Memory that photos in hand may be expected to need, in bytes.
    package init(
        renderer: any PhotoRenderer, instructions: RenderInstructions, width: Int, memoryBudget: Int,
        limits: RenderLimits
    ) {
        self.renderer = renderer
        self.instructions = instructions
        self.limits = limits
        pool = DispatchPool(width: width, label: "renditions.render")
        admission = Admission(budget: memoryBudget)
    }

    /// Renders all files. A rendition's file appears whole or not at all.
    ///
    /// - Parameter onPhoto: Told of each file when it is finished, in no particular order.
    package func render(
        _ files: [OriginalFile], into folder: String, onPhoto: @escaping @Sendable (PhotoReport) -> Void
    ) async throws {
        try DurableFile.makeFolders(folder)
        var taken: [String: String] = [:]
        await withDiscardingTaskGroup { group in
            for file in files {
                // Two files of one name, such as a RAW file and its JPEG, would overwrite each other's renditions.
                let stem = ObjectKeys.stem(of: file.name)
                if let other = taken.updateValue(file.path, forKey: stem) {
                    onPhoto(report(file, clash(with: other)))
                    continue
                }
                group.addTask { onPhoto(await self.render(file, into: folder)) }
            }
        }
    }

    private func render(_ file: OriginalFile, into folder: String) async -> PhotoReport {
        do {
            guard file.bytes <= limits.bytes else {
                throw RenditionError.tooLarge(bytes: file.bytes, limit: limits.bytes, stage: .fetch)
            }
            return try await admission.admit(cost: file.bytes * 9) { ticket in
                try await render(file, ticket, into: folder)
            }
        } catch {
            return report(file, RenditionError.wrapping(error, stage: .render))
        }
    }

    private func render(
        _ file: OriginalFile, _ ticket: Admission.Ticket, into folder: String
    ) async throws -> PhotoReport {
        let (renderer, limits, instructions) = (renderer, limits, instructions)
        let (bytes, probe, reading) = try await pool.run {
            let began = ContinuousClock.now
            guard let bytes = try DurableFile.read(file.path) else {
                throw RenditionError(
                    code: "unreadable", stage: .fetch, retriable: false, message: "The file is not there any more.")
            }
            let probe = try renderer.probe(bytes, limits: limits)
            return (bytes, probe, ContinuousClock.now - began)
        }
        try await ticket.resize(to: probe.decodedBytes)
        let (photo, rendering) = try await pool.run {
            let began = ContinuousClock.now
            let photo = try renderer.render(bytes, as: instructions, limits: limits)
            for rendition in photo.renditions {
                let name = ObjectKeys.renditionName(
                    originalKey: file.name, size: rendition.size, format: rendition.format)
                let path = "\(folder)/\(ObjectPaths.folded(name))"
                let temporary = "\(folder)/.\(UUID().uuidString).part"
                _ = try DurableFile.write(.bytes(rendition.bytes), to: temporary)
                do {
                    try DurableFile.move(temporary, to: path)
                } catch {
                    unlink(temporary)
                    throw error
                }
            }
            return (photo, ContinuousClock.now - began)
        }
        var report = PhotoReport(photo: file.path, gallery: "", filename: file.name, attempt: 1, outcome: .done)
        report.note(probe, bytes: bytes.count)
        report.renditions = photo.renditions.map(PhotoReport.Made.init)
        // Work only: how long a file stood in line says nothing about it.
        report.milliseconds = (reading + rendering).seconds * 1000
        return report
    }

    private func report(_ file: OriginalFile, _ error: RenditionError) -> PhotoReport {
        var report = PhotoReport(photo: file.path, gallery: "", filename: file.name, attempt: 1, outcome: .failed)
        report.bytes = file.bytes
        report.error = error
        return report
    }

    private func clash(with other: String) -> RenditionError {
        RenditionError(
            code: "same_name", stage: .publish, retriable: false,
            message: "Its renditions would overwrite those of \(other). Render it into another folder.")
    }
}
