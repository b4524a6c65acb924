import Foundation
import RenditionCore
import RenditionTestKit

@testable import RenditionVips

/// A photo that went through the whole pipeline, with the pixels of each size before they were encoded, as files.
struct MeasuredPhoto {
    /// The files of one size.
    struct Size: Encodable, Sendable {
        var name: String
        var quality: Int
        /// The pixels before encoding, as PPM.
        var frame: String
        /// The JPEG as it would be published.
        var rendition: String
    }

    let sizes: [Size]
    /// What the renderer itself says of its colours.
    let receipt: Double?

    init(_ original: [UInt8], as instructions: RenderInstructions, in folder: TestFolder, name: String) throws {
        let rendered = try Rendering.render(original, as: instructions)
        receipt = rendered.metadata.deltaE
        let frames = try Self.frames(of: original, as: instructions)
        sizes = try rendered.renditions.filter { $0.format == .jpeg }.map { rendition in
            let size = rendition.size
            let frame = frames[size.name] ?? []
            return Size(
                name: size.name, quality: size.quality,
                frame: try folder.write("\(name)-\(size.name).ppm", frame),
                rendition: try folder.write("\(name)-\(size.name).jpg", rendition.bytes))
        }
    }

    /// The pixels by the size's name.
    private static func frames(of original: [UInt8], as instructions: RenderInstructions) throws -> [String: [UInt8]] {
        try original.withUnsafeBytes { bytes in
            let source = try LoadStep.open(bytes, try OriginalFormat.detect(original), RenderLimits())
            defer { withExtendedLifetime(source.memory) {} }
            var metadata = PhotoMetadata()
            let colours = ColourStep.source(of: source.image, &metadata)
            let gamut = ColourStep.gamut(instructions.gamut, for: source.image, from: colours)
            // Pixels to look at, so that no size goes to its encoder as it comes.
            var wanted = instructions
            for size in instructions.sizes { wanted.furtherFormats[size.name] = [.webp] }
            var times = StageTimes()
            let frames = try FramesStep.frames(
                of: source, bytes, wanted, instructions.sizes, from: colours, to: gamut, &metadata,
                RenderDeadline(after: .seconds(600)), &times)
            var files: [String: [UInt8]] = [:]
            for frame in frames {
                let size = frame.pixels
                files[frame.size.name] =
                    Array("P6 \(size.width) \(size.height) 255\n".utf8) + (try frame.rgb().pixels())
            }
            return files
        }
    }
}
