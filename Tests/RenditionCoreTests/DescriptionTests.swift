import RenditionCore
import Testing

/// What the photographer wrote into the file goes into the record where the record says nothing.
@Suite("Titles, keywords and ratings in the record")
struct DescriptionTests {
    private func change(_ attributes: [String: RecordValue]) -> [String: RecordValue] {
        var metadata = PhotoMetadata()
        metadata.title = "Dusk"
        metadata.caption = "The sea at dusk"
        metadata.keywords = ["sea", "dusk"]
        metadata.rating = 4
        metadata.copyright = "© Zoé"
        let size = PixelSize(width: 4, height: 3)
        let photo = RenderedPhoto(
            probe: PhotoProbe(format: .jpeg, stored: size, orientation: 1, bytesPerPixel: 3), metadata: metadata,
            renditions: [])
        return RecordCommit.rendered(
            photo, record: PhotoRecord(attributes: attributes), recipe: "r", fence: 1,
            urls: PublicURLs(endpoint: "http://localhost", names: BucketNames()), now: Timestamp(milliseconds: 0)
        ).set
    }

    @Test func anEmptyRecordTakesThem() {
        for empty: [String: RecordValue] in [
            [:], ["title": .string(" "), "description": .null, "tags": .list([]), "copyright": .string("")],
        ] {
            let set = change(empty)
            #expect(set["title"] == .string("Dusk"))
            #expect(set["description"] == .string("The sea at dusk"))
            #expect(set["tags"] == .list([.string("sea"), .string("dusk")]))
            #expect(set["rating"] == .integer(4))
            #expect(set["copyright"] == .string("© Zoé"))
        }
    }

    @Test func thePhotographersOwnWordsStay() {
        let set = change([
            "title": .string("Mine"), "description": .string("My words"), "tags": .list([.string("mine")]),
            "rating": .integer(0), "copyright": .string("me"),
        ])
        for name in ["title", "description", "tags", "rating", "copyright"] { #expect(set[name] == nil) }
    }

    @Test func keywordsComeOnceAndNotWithoutEnd() {
        #expect(PhotoMetadata.keywords(["a", " a", "", "b"]) == ["a", "b"])
        #expect(PhotoMetadata.keywords((0..<1000).map(String.init)).count == 200)
    }
}
