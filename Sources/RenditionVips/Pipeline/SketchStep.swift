import CVips
import Foundation
import RenditionCore

/// Makes what stands in for a photo from its smallest image.
enum SketchStep {
    /// - Parameter image: 8-bit pixels of three bands, without a watermark; any size, small is enough.
    static func sketch(_ image: borrowing Image) throws -> PhotoSketch {
        let size = RenditionSize(name: "sketch", box: PixelSize(width: 64, height: 64), quality: 1).fitted(image.size)
        let small = try ResizeStep.reduce(image.reference(), to: size)
        let square = try ResizeStep.reduce(
            image.reference(), to: PixelSize(width: PerceptualHash.side, height: PerceptualHash.side))
        let pixels = try small.pixels()
        return PhotoSketch(
            placeholder: Data(ThumbHash.encode(pixels, width: size.width, height: size.height)).base64EncodedString(),
            dominantColor: DominantColour.find(pixels), perceptualHash: PerceptualHash.encode(try square.pixels()))
    }
}
