import RenditionCore

/// A frame that is luma and chroma, as its JPEG will hold them: nothing is converted on the way.
final class PlaneFrame: Frame {
    let size: RenditionSize
    let pixels: PixelSize
    private let content: any PlaneSink
    private let isSeenAgain: Bool

    /// - Parameter isSeenAgain: Whether its pixels are asked for after its file was made.
    init(_ size: RenditionSize, _ content: any PlaneSink, isSeenAgain: Bool) {
        self.size = size
        self.content = content
        self.isSeenAgain = isSeenAgain
        pixels = content.pixels
    }

    /// - Throws: ``VipsError`` where the planes went to an encoder as they came.
    func rgb() throws -> Image {
        guard let store = content as? PlaneStore else { throw VipsError("planes", "they are gone") }
        return try store.image()
    }

    func jpeg(_ scans: JPEGScans, segments: [UInt8], followedBy second: [UInt8]) throws -> [UInt8] {
        func file(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
            JPEGSegments.insert(segments, into: bytes, followedBy: second)
        }
        if let stream = content as? PlaneStream { return try stream.finish(file) }
        guard let store = content as? PlaneStore else { throw VipsError("planes", "they are gone") }
        guard store.isHalved == JPEGEncoder.halvesChroma(size.quality) else {
            return try EncodeStep.jpeg(
                try store.image(), quality: size.quality, scans: scans, segments: segments, followedBy: second)
        }
        let encoder = try JPEGEncoder(pixels, .planes, quality: size.quality, scans: scans)
        try store.encode(by: encoder, isForgotten: !isSeenAgain)
        return try encoder.finish(file)
    }
}

/// Where a rendition's planes go, row by row, as they are stored in the original.
protocol PlaneSink: AnyObject {
    /// The upright size.
    var pixels: PixelSize { get }
    /// Whether chroma has half as many samples in each direction.
    var isHalved: Bool { get }

    /// - Parameters:
    ///   - row: The next row of the plane, with 6 bits behind the point.
    ///   - plane: 0 for luma, 1 and 2 for chroma.
    func take(_ row: UnsafePointer<Int16>, plane: Int) throws
}

extension PlaneStore: PlaneSink {}
extension PlaneStream: PlaneSink {}
