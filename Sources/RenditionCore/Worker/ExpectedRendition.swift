/// A file that a photo's rendering leaves, as far as the record tells.
package struct ExpectedRendition: Sendable, Hashable {
    package let key: String
    package let size: RenditionSize
    package let format: RenditionFormat

    /// What the record's fields of this file begin with.
    package var name: String { Rendition.recordName(size, format) }

    /// All that would be made of a photo now. A film is one by its record, or by its name before it was rendered.
    package static func all(of record: PhotoRecord, _ instructions: RenderInstructions) -> [ExpectedRendition] {
        let format = record.format ?? OriginalFormat(filmNamed: record.s3Key)
        return (format.map { instructions.sizes(for: $0) } ?? instructions.sizes).flatMap { size in
            ([.jpeg] + (instructions.furtherFormats[size.name] ?? [])).map { format in
                ExpectedRendition(
                    key: ObjectKeys.rendition(
                        galleryID: record.galleryID, originalKey: record.s3Key, size: size, format: format),
                    size: size, format: format)
            }
        }
    }
}

extension OriginalFormat {
    /// The film that a name suggests; nil for everything else.
    fileprivate init?(filmNamed key: String) {
        guard let format = OriginalFormat(rawValue: PathName.split(key).suffix.dropFirst().uppercased()),
            format.kind == .video
        else { return nil }
        self = format
    }
}
