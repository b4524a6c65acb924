import Foundation
import Testing

/// Photos that the test set-up made or fetched, with what their maker knows of each. They are never committed.
package struct Corpus: Sendable {
    package struct Photo: Sendable, Decodable, CustomTestStringConvertible {
        package var name: String
        package var orientation: Int?
        /// Upright pixels; nil where it is no image.
        package var width: Int?
        package var height: Int?
        /// As ``RenditionCore/OriginalFormat`` calls it; nil where it is no image.
        package var format: String?
        /// The status its record must end with.
        package var expected: String?

        private var uprightWidth: Int?
        private var uprightHeight: Int?

        package var testDescription: String { name }

        fileprivate var normalized: Photo {
            var photo = self
            photo.width = width ?? uprightWidth
            photo.height = height ?? uprightHeight
            return photo
        }
    }

    package let folder: String
    /// Empty where the set-up, `scripts/test`, hasn't run.
    package let photos: [Photo]

    /// The samples that `scripts/samples` makes: a bit of everything.
    package static let samples = Corpus("samples")
    /// The real 24-megapixel photographs that `scripts/corpus` fetches.
    package static let photos24 = Corpus("photos24")

    /// Where `scripts/corpora` puts other projects' test files.
    package static let publicFolder = "\(root)/.build-corpus/public"

    /// The project's folder.
    package static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    private init(_ name: String) {
        folder = "\(Self.root)/.build-corpus/\(name)"
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let data = FileManager.default.contents(atPath: "\(folder)/manifest.json") ?? Data()
        photos = ((try? decoder.decode([Photo].self, from: data)) ?? []).map(\.normalized)
    }

    package func path(_ photo: Photo) -> String { "\(folder)/\(photo.name)" }

    package func bytes(_ name: String) -> [UInt8] {
        Array(FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data())
    }
}
