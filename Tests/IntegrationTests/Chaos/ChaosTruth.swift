import RenditionCore
import RenditionTestKit
import RenditionVips
import Synchronization

/// What renditions must be: made here, in this process, from the original as it was uploaded.
final class ChaosTruth: Sendable {
    private struct Case: Hashable {
        var sample: String
        var instructions: RenderInstructions
    }

    private let renderer: CascadeRenderer
    private let known = Mutex<[Case: [String: String]]>([:])

    init() throws { renderer = try CascadeRenderer() }

    func instructions(_ photographer: Photographer?) -> RenderInstructions {
        var instructions = RenderInstructions()
        guard let photographer else { return instructions }
        instructions.adjustments = photographer.adjustments
        instructions.watermark = photographer.mark?.watermark
        return instructions
    }

    /// - Returns: checksums by the sizes' names.
    func checksums(_ sample: String, _ instructions: RenderInstructions) throws -> [String: String] {
        let this = Case(sample: sample, instructions: instructions)
        if let checksums = known.withLock({ $0[this] }) { return checksums }
        let photo = try renderer.render(Corpus.samples.bytes(sample), as: instructions, limits: RenderLimits())
        let checksums = Dictionary(uniqueKeysWithValues: photo.renditions.map { ($0.size.name, $0.checksum) })
        known.withLock { $0[this] = checksums }
        return checksums
    }

    func recipe(_ instructions: RenderInstructions, etag: String) -> String {
        Recipe.hash(renderer: renderer.version, instructions: instructions, originalETag: etag)
    }
}
