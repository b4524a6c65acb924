import Foundation
import RenditionCore
import RenditionLocal
import RenditionTestKit
import Testing

/// Keys and ids that want out of the store's folder.
@Suite("Hostile keys")
struct HostileKeyTests {
    private static let keys = [
        "../outside", "../../outside", "g/../../outside", "g/..", "..", ".", "/etc/passwd", "//etc/passwd", "g//h",
        "g/./h", "g/", "/", "g/\0/h", "g/h\0.jpg", "\0", "%2e%2e/outside", "%2e%2e%2foutside", "..%2foutside",
        "g\\..\\..\\outside", "..\\outside", "\u{FF0E}\u{FF0E}/outside", "\u{2024}\u{2024}/outside",
        "..\u{2215}outside", "..\u{2044}outside", "\u{FF0F}etc\u{FF0F}passwd", "../\u{301}outside", "g/..\u{301}/h",
        "\u{202E}/..", "g/\n../h", "\n", "g/a\r\nX-Amz-Meta: 1", "~/outside", "~root/outside", "$HOME/outside",
        "`id`", "$(id)", "C:\\outside", "CON", "g/" + String(repeating: "a", count: 300),
        String(repeating: "a/", count: 600) + "b", String(repeating: "a", count: 5000), ".git/config",
        "store.sqlite", "../store.sqlite", "tmp/x", "g/🙂/" + String(repeating: "é", count: 200) + ".jpg",
    ]

    /// A key either names a file below its bucket's folder, or nothing.
    @Test(arguments: keys) func noKeyLeadsOutOfTheStore(_ key: String) async throws {
        let folder = TestFolder()
        try folder.write("outside", Array("secret".utf8))
        let root = folder.path("a/b/store")
        let store = try LocalStore(directory: root, creates: true, buckets: BucketNames())
        let before = Set(folder.files().filter { !$0.hasPrefix("a/b/store/") })
        for bucket in [Bucket.photos, .renditions] {
            do {
                let upload = ObjectUpload(key: key, body: .bytes(Array("x".utf8)), contentType: "image/jpeg")
                _ = try await store.objects.put(upload, in: bucket, if: .none)
                let found = try await store.objects.get(bucket, key: key, limit: 100)
                #expect(found?.bytes == Array("x".utf8))
                try await store.objects.delete(bucket, key: key)
            } catch let error as RenditionError {
                #expect(error.code == "invalid_key")
                #expect(!error.retriable)
                #expect(!error.message.contains(key) || key.count < 3)
            }
        }
        await store.close()
        #expect(Set(folder.files().filter { !$0.hasPrefix("a/b/store/") }) == before, "a file outside was touched")
        #expect(FileManager.default.contents(atPath: folder.path("outside")) == Data("secret".utf8))
        // And none beside the buckets' folders.
        #expect(FileManager.default.fileExists(atPath: "\(root)/outside") == false)
    }

    /// By resolving it as the system would.
    @Test(arguments: keys) func theFileIsBelowItsBucket(_ key: String) {
        let paths = ObjectPaths(root: "/store", names: BucketNames(photos: "photos", renditions: "renditions"))
        guard let file = try? paths.file(.photos, key: key) else { return }
        #expect(URL(fileURLWithPath: file).standardized.path.utf8.starts(with: "/store/photos/".utf8), "\(file)")
        #expect(!file.utf8.contains(0))
        #expect(PathName.parts(file).allSatisfy { $0.utf8.count <= 255 && $0 != ".." })
    }

    /// The worker's own products, and keys that only look like them.
    @Test(arguments: [
        ("renditions/g/p_large.jpg", false), ("watermarks/u/logo.png", false), ("renditions/", false), ("", false),
        ("watermarks/../g/p.jpg", false), ("Renditions/g/p.jpg", true), ("g/renditions/p.jpg", true),
        ("renditions\u{2215}g.jpg", true), ("renditions%2fg.jpg", true),
    ]) func productsAreNoOriginals(_ key: String, _ isOriginal: Bool) async throws {
        #expect(ObjectKeys.isOriginal(key) == isOriginal)
        let folder = TestFolder()
        let store = try LocalStore(directory: folder.path("store"), creates: true, buckets: BucketNames())
        // A record that says so doesn't make one of it.
        let record = PhotoRecord(
            attributes: ["id": .string("p"), "gallery_id": .string("g"), "s3_key": .string(key)])
        try await store.submit(record, lane: .fresh)
        let found = try await UploadHook(store: store, patience: .zero).record(keys: [key])
        #expect((found != nil) == isOriginal)
        await store.close()
    }
}
