import RenditionCore
import Testing

@Suite("Sizes, keys and URLs")
struct NamesAndSizesTests {
    private static let fits: [(PixelSize, [PixelSize])] = [
        sizes(6000, 4000, [(400, 267), (800, 533), (2000, 1333), (4000, 2667)]),
        sizes(4000, 6000, [(267, 400), (400, 600), (1333, 2000), (2667, 4000)]),
        sizes(4032, 3024, [(400, 300), (800, 600), (2000, 1500), (4000, 3000)]),
        sizes(9000, 1200, [(400, 53), (800, 107), (2000, 267), (4000, 533)]),
        sizes(100_000, 1, [(400, 1), (800, 1), (2000, 1), (4000, 1)]),
        sizes(120, 80, [(120, 80), (120, 80), (120, 80), (120, 80)]),
        sizes(801, 601, [(400, 300), (800, 600), (801, 601), (801, 601)]),
    ]

    private static func sizes(_ width: Int, _ height: Int, _ fitted: [(Int, Int)]) -> (PixelSize, [PixelSize]) {
        (PixelSize(width: width, height: height), fitted.map { PixelSize(width: $0.0, height: $0.1) })
    }

    @Test(arguments: fits)
    func everySizeFitsAndNoneIsEnlarged(_ original: PixelSize, _ expected: [PixelSize]) {
        #expect(RenditionSize.all.map { $0.fitted(original) } == expected)
    }

    @Test(arguments: [
        ("g/1_IMG.JPG", "renditions/g/1_IMG_small.jpg"),
        ("g/1_a.b.c.heic", "renditions/g/1_a.b.c_small.jpg"),
        ("g/1_no-extension", "renditions/g/1_no-extension_small.jpg"),
        ("g/.hidden", "renditions/g/.hidden_small.jpg"),
        ("g/1_dot.", "renditions/g/1_dot_small.jpg"),
    ])
    func aRenditionIsNamedAfterItsOriginal(_ original: String, _ expected: String) {
        #expect(ObjectKeys.rendition(galleryID: "g", originalKey: original, size: .small) == expected)
    }

    @Test func productsAreNeverOriginals() {
        #expect(!ObjectKeys.isOriginal("renditions/g/a.jpg"))
        #expect(!ObjectKeys.isOriginal("watermarks/logo.png"))
        #expect(!ObjectKeys.isOriginal(""))
        #expect(ObjectKeys.isOriginal("g/renditions/a.jpg"))
    }

    @Test(arguments: ["", "a/b", "..", ".", "renditions", "watermarks", "a\nb", String(repeating: "g", count: 129)])
    func someIDsCanBeNoGallerys(_ id: String) {
        #expect(ObjectKeys.problem(withGalleryID: id) != nil)
    }

    /// To Swift, a slash and a combining mark behind it are one character that is no slash.
    @Test func aSlashIsASlashWhateverFollows() {
        let mark = "\u{301}"
        #expect(ObjectKeys.problem(withGalleryID: "../\(mark)x") != nil)
        #expect(!ObjectKeys.isOriginal("renditions/\(mark)x.jpg"))
        #expect(ObjectKeys.stem(of: "g/\(mark)name.jpg") == "\(mark)name")
        #expect(PathName.folder("a/b/\(mark)c") == "a/b")
        #expect(PathName.parts("a//\(mark)b/") == ["a", "", "\(mark)b", ""])
    }

    @Test func controlCharactersAreMadeVisible() {
        #expect("a\n\u{1B}[31mé💍".printable == "a\\n\\u{1B}[31mé💍")
    }

    @Test func urlsAreEncodedAndVersioned() {
        let local = PublicURLs(endpoint: "http://localhost:4566/", names: BucketNames(renditions: "r"))
        #expect(
            local.url(.renditions, key: "renditions/g/é #1+%.jpg", version: "abcd1234")
                == "http://localhost:4566/r/renditions/g/%C3%A9%20%231%2B%25.jpg?v=abcd1234")
        let production = PublicURLs(
            endpoint: "https://s3.example.com", names: BucketNames(), cdnDomain: "cdn.example.com")
        #expect(production.url(.renditions, key: "renditions/g/a.jpg") == "https://cdn.example.com/renditions/g/a.jpg")
        #expect(production.url(.photos, key: "g/a.jpg") == "https://s3.example.com/galerly-photos-local/g/a.jpg")
    }

    @Test func datesAreUTCWithATrailingZ() {
        #expect(Timestamp(milliseconds: 1_750_000_000_123).iso8601 == "2025-06-15T15:06:40.123Z")
    }

    @Test func theRecipeFollowsEverythingThatMatters() {
        let base = Recipe.hash(renderer: "r", instructions: RenderInstructions(), originalETag: "e")
        var sizes = RenditionSize.all
        sizes[0] = RenditionSize(name: "thumbnail", box: sizes[0].box, quality: 81)
        #expect(Recipe.hash(renderer: "r", instructions: RenderInstructions(), originalETag: "e") == base)
        #expect(Recipe.hash(renderer: "r2", instructions: RenderInstructions(), originalETag: "e") != base)
        #expect(Recipe.hash(renderer: "r", instructions: RenderInstructions(), originalETag: "e2") != base)
        #expect(Recipe.hash(renderer: "r", instructions: RenderInstructions(sizes: sizes), originalETag: "e") != base)
    }
}
