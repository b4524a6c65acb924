import CVips
import RenditionCore

/// Reduces an image to exact pixels with Lanczos.
enum ResizeStep {
    static func reduce(_ image: consuming Image, to target: PixelSize) throws -> Image {
        let size = image.size
        guard size != target else { return image }
        let operation = try Operation("resize")
        try operation.set("in", image)
        try operation.set("scale", Double(target.width) / Double(size.width))
        try operation.set("vscale", Double(target.height) / Double(size.height))
        try operation.set("kernel", Int(VIPS_KERNEL_LANCZOS3.rawValue))
        let result = try operation.image()
        guard result.size == target else {
            throw VipsError("resize", "asked for \(target), got \(result.size)")
        }
        return result
    }
}
