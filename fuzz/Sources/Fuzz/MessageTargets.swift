import Foundation
import RenditionCore

@testable import RenditionAWS

/// A notification of an upload, whoever carried it.
struct EventTarget: FuzzTarget {
    func take(_ bytes: [UInt8]) {
        guard let event = try? S3Event(bytes) else { return }
        for key in event.uploads.flatMap(\.keys) where ObjectKeys.isOriginal(key) {
            let rendition = ObjectKeys.rendition(
                galleryID: "gallery", originalKey: key, size: RenditionSize.all[0])
            promise(rendition.hasPrefix("renditions/gallery/"), "a rendition lies below its gallery: \(rendition)")
            promise(rendition.utf8.count { $0 == UInt8(ascii: "/") } == 2, "and not in a folder there: \(rendition)")
        }
    }
}

/// A table's item as DynamoDB sends it, and the record that is read from it.
struct ItemTarget: FuzzTarget {
    func take(_ bytes: [UInt8]) {
        guard let item = try? WireJSON.decode([String: RecordValue].self, from: bytes) else { return }
        guard let text = try? WireJSON.encode(item),
            let again = try? WireJSON.decode([String: RecordValue].self, from: text)
        else { return promise(false, "what was read can be written and read") }
        promise(again == item, "nothing of an item is lost")
        _ = try? JSONEncoder().encode(PlainJSON(.map(item)))
        read(PhotoRecord(attributes: item))
    }
}

/// An answer of S3.
struct XMLTarget: FuzzTarget {
    func take(_ bytes: [UInt8]) { _ = try? XMLDocument(bytes) }
}

extension ItemTarget {
    /// All that is read of a record.
    private func read(_ record: PhotoRecord) {
        if let size = record.size { promise(size.width > 0 && size.height > 0 && size.pixels > 0, "a size has pixels") }
        _ = (record.fence, record.fileSize, record.format, record.filename)
        let photographer = Photographer(attributes: record.attributes)
        let adjustments = photographer.adjustments
        for factor in [adjustments.brightness, adjustments.contrast, adjustments.saturation] {
            promise((0...4).contains(factor), "an adjustment is a factor of 0 to 4, not \(factor)")
        }
        guard let mark = photographer.mark?.watermark else { return }
        promise((0...1).contains(mark.opacity), "an opacity is a share, not \(mark.opacity)")
        promise((0...100).contains(mark.sizePercent), "a mark is no wider than its photo, not \(mark.sizePercent) %")
    }
}
