import RenditionCore
import Synchronization

/// A renderer without pixels, for tests of everything around them: it does what the test says and counts its calls.
package final class StubRenderer: PhotoRenderer {
    /// What a call is to do with the original's bytes before it succeeds.
    package typealias Behaviour = @Sendable (_ original: [UInt8], _ call: Int) throws -> Void

    package let version: String
    private let behaviour: Behaviour
    private let count = Mutex(0)

    package init(version: String = "stub-1", _ behaviour: @escaping Behaviour = { _, _ in }) {
        self.version = version
        self.behaviour = behaviour
    }

    /// How often ``render(_:as:limits:)`` was called.
    package var calls: Int { count.withLock { $0 } }

    package func probe(_ original: [UInt8], limits: RenderLimits) throws -> PhotoProbe {
        PhotoProbe(format: .jpeg, stored: PixelSize(width: 6000, height: 4000), orientation: 1, bytesPerPixel: 3)
    }

    package func render(
        _ original: [UInt8], as instructions: RenderInstructions, limits: RenderLimits
    ) throws -> RenderedPhoto {
        let call = count.withLock { count in
            count += 1
            return count
        }
        try behaviour(original, call)
        let probe = try probe(original, limits: limits)
        return RenderedPhoto(
            probe: probe, metadata: PhotoMetadata(),
            renditions: instructions.sizes.flatMap { size in
                ([.jpeg] + (instructions.furtherFormats[size.name] ?? [])).map { format in
                    let mark = instructions.watermark.map { "marked \($0.text ?? "") " } ?? ""
                    let bytes = Array("\(version) \(Rendition.recordName(size, format)) \(mark)of ".utf8) + original
                    return Rendition(
                        size: size, format: format, pixels: size.fitted(probe.upright), bytes: bytes,
                        checksum: Checksum.sha256(bytes))
                }
            })
    }
}
