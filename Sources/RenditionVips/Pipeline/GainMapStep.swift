import RenditionCore

/// Gives an original's gain map to the renditions that people look at in full.
struct GainMapStep: ~Copyable {
    private let map: GainMap?
    /// Whether the original has one, be it of a kind that can't be carried over.
    private let isThere: Bool

    /// Looks for it. A map that can't be used costs the photo its brightness and nothing else.
    init(
        _ instructions: RenderInstructions, _ bytes: UnsafeRawBufferPointer, _ format: OriginalFormat,
        _ metadata: OriginalMetadata, _ probe: PhotoProbe, isConverted: Bool, _ deadline: RenderDeadline
    ) throws {
        do {
            let found = try GainMap.find(
                in: bytes, format, metadata, probe, isConverted: isConverted, deadline)
            isThere = found != nil
            map = instructions.gainMap == .keep ? found : nil
        } catch let error as VipsError where error.isExhaustion {
            // The machine's fault: another attempt may keep the map.
            throw error
        } catch {
            isThere = true
            map = nil
        }
    }

    /// The map's file for a rendition; empty where it gets none. Small renditions would be all map.
    func file(for frame: any Frame) throws -> [UInt8] {
        guard Self.sizes.contains(frame.size.name) else { return [] }
        return try map?.file(for: frame.pixels) ?? []
    }

    /// What became of it; nil where there was none.
    func fate(in sizes: [RenditionSize]) -> GainMapFate? {
        guard isThere else { return nil }
        return map != nil && sizes.contains { Self.sizes.contains($0.name) } ? .kept : .lost
    }

    private static let sizes = [RenditionSize.medium.name, RenditionSize.large.name]
}
