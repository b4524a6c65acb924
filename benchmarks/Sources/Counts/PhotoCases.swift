import Foundation
import RenditionCore
import RenditionVips

/// From a file's bytes to its renditions.
enum PhotoCases {
    /// - Parameter folder: Holds upright.jpg, turned.jpg and adobe.jpg.
    static func all(in folder: String) throws -> [Case] {
        let renderer = try CascadeRenderer()
        let limits = RenderLimits()
        let (upright, turned, adobe) = (
            try bytes("\(folder)/upright.jpg"), try bytes("\(folder)/turned.jpg"), try bytes("\(folder)/adobe.jpg")
        )
        func render(_ photo: [UInt8], _ instructions: RenderInstructions = RenderInstructions()) throws {
            _ = try renderer.render(photo, as: instructions, limits: limits)
        }
        return [
            Case("probe") { _ = try renderer.probe(upright, limits: limits) },
            // Without sizes nothing is decoded.
            Case("metadata") { try render(upright, RenderInstructions(sizes: [])) },
            Case("render upright", often: 1) { try render(upright) },
            Case("render turned", often: 1) { try render(turned) },
            Case("render Adobe RGB", often: 1) { try render(adobe) },
            Case("render thumbnail", often: 1) { try render(upright, RenderInstructions(sizes: [.thumbnail])) },
        ]
    }

    private static func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }
}
