import Foundation
import RenditionCore

/// What a worker computes of a photo's record.
enum RecordCases {
    static var all: [Case] {
        let instructions = RenderInstructions(
            watermark: Watermark(
                logo: nil, text: "© Zoé Lefèvre", position: .bottomRight, opacity: 0.7, sizePercent: 15))
        let urls = PublicURLs(endpoint: "http://localhost:4566", names: BucketNames())
        let now = Timestamp(milliseconds: 1_750_000_000_000)
        let record = NewPhoto(
            id: "0b5f7c1e-3f52-4d0f-9f51-6f1f3a4c2d10", galleryID: "wedding", userID: "zoe", filename: "Été #3.jpg",
            fileSize: 9_817_903
        ).record(urls: urls, now: now)
        let photo = rendered
        return [
            Case("recipe") {
                _ = Recipe.hash(renderer: "cascade", instructions: instructions, originalETag: "\"5f2d\"")
            },
            Case("record of a new photo") {
                _ = NewPhoto(id: "1", galleryID: "wedding", userID: "zoe", filename: "Été #3.jpg", fileSize: 9_817_903)
                    .record(urls: urls, now: now)
            },
            Case("record's change") {
                let change = RecordCommit.rendered(
                    photo, record: record, recipe: "4f5ad3f1c1a04f6b", fence: 3, urls: urls, now: now)
                _ = try JSONEncoder().encode(change.set)
            },
            Case("record read") {
                let text = try JSONEncoder().encode(record.attributes)
                _ = PhotoRecord(attributes: try JSONDecoder().decode([String: RecordValue].self, from: text))
            },
        ]
    }

    private static var rendered: RenderedPhoto {
        var metadata = PhotoMetadata()
        metadata.make = "SONY"
        metadata.model = "ILCE-7M3"
        metadata.lens = "FE 85mm F1.8"
        metadata.iso = 200
        metadata.latitude = 43.695083
        metadata.longitude = 7.275917
        let original = PixelSize(width: 6000, height: 4000)
        let renditions = RenditionSize.all.map { size in
            Rendition(
                size: size, pixels: size.fitted(original), bytes: [1, 2, 3], checksum: Checksum.sha256(size.name))
        }
        return RenderedPhoto(
            probe: PhotoProbe(format: .jpeg, stored: original, orientation: 6, bytesPerPixel: 3), metadata: metadata,
            renditions: renditions)
    }
}
