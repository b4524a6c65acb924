/// One of the sizes in which every photo is rendered: a box to fit in and a JPEG quality.
package struct RenditionSize: Sendable, Hashable, Codable {
    /// The platform's name of the size; part of the object key and of the record's field names.
    package let name: String
    /// The box the rendition fits into, in pixels.
    package let box: PixelSize
    /// JPEG quality, 1–100, on libjpeg's scale.
    package let quality: Int

    package init(name: String, box: PixelSize, quality: Int) {
        self.name = name
        self.box = box
        self.quality = quality
    }

    /// 400 × 400 at quality 80.
    package static let thumbnail = RenditionSize(
        name: "thumbnail", box: PixelSize(width: 400, height: 400), quality: 80)
    /// 800 × 600 at quality 85.
    package static let small = RenditionSize(name: "small", box: PixelSize(width: 800, height: 600), quality: 85)
    /// 2000 × 2000 at quality 90.
    package static let medium = RenditionSize(name: "medium", box: PixelSize(width: 2000, height: 2000), quality: 90)
    /// 4000 × 4000 at quality 92.
    package static let large = RenditionSize(name: "large", box: PixelSize(width: 4000, height: 4000), quality: 92)

    /// The platform's four sizes, smallest first.
    package static let all = [thumbnail, small, medium, large]

    /// The pixels of this rendition of an original of the given upright size: the largest that fits the box, keeps the
    /// aspect ratio and doesn't enlarge.
    ///
    /// It is computed from the original and never from another rendition, since two roundings can differ from one by a
    /// pixel.
    package func fitted(_ original: PixelSize) -> PixelSize {
        let scale = min(1, Double(box.width) / Double(original.width), Double(box.height) / Double(original.height))
        guard scale < 1 else { return original }
        return PixelSize(
            width: max(1, Int((Double(original.width) * scale).rounded())),
            height: max(1, Int((Double(original.height) * scale).rounded())))
    }
}
