import Foundation
import NIOHTTP1
import RenditionAWS
import RenditionCore
import RenditionLocal
import RenditionTestKit
import Testing

@Suite("Objects on an S3 of other makers", .timeLimit(.minutes(2)))
struct SeaweedTests {
    /// SeaweedFS keeps a key's last part as a file's name, of 255 bytes at most, and says KeyTooLongError beyond. Names
    /// that people give are tested with the shorter ones below; the whole case runs on the other S3.
    static let cases = PhotoStoreContract.objectCases.filter {
        ![
            "names that people give come back as they are", "a name of many emoji still fits beside a rendition",
        ].contains($0.testDescription)
    }

    @Test(arguments: cases)
    func keepTheContract(_ promise: PhotoStoreContract.Case) async throws {
        let seaweed = try await SeaweedObjects.make()
        let folder = TestFolder()
        let clock = ManualClock()
        let local = try LocalStore(directory: folder.path("store"), creates: true, clock: clock)
        try await promise.run(MixedStore(local: local, objects: seaweed.objects), clock)
        await seaweed.close()
    }

    @Test func namesThatPeopleGiveComeBackAsTheyAre() async throws {
        let seaweed = try await SeaweedObjects.make()
        for (index, name) in PhotoStoreContract.awkwardNames.enumerated() where name.utf8.count < 250 {
            let key = "g/\(index)_\(name)"
            let upload = ObjectUpload(key: key, body: .bytes(Array(name.utf8)), contentType: "image/jpeg")
            #expect(try await seaweed.objects.put(upload, in: .photos, if: .absent) != .conditionFailed)
            #expect(try await seaweed.objects.get(.photos, key: key, limit: 999)?.bytes == Array(name.utf8))
        }
        await seaweed.close()
    }

    static let awkwardKeys = [
        "g/a b.jpg", "g/#1.jpg", "g/100%.jpg", "g/100%25.jpg", "g/a+b.jpg", "g/Été.jpg", "g/E\u{301}te\u{301}.jpg",
        "g/💍👰🏽‍♀️.heic", "g/name.with.dots..jpg", "g/...", "g/\"quoted\"'.jpg", "g/back\\slash.jpg", "g/what?.jpg",
        "g/a&b=c;d.jpg", "g/<tag>.jpg", "g/" + String(repeating: "x", count: 200), "g/~*()!$,:@.jpg",
    ]

    @Test func awkwardKeysAreListedAsTheyAre() async throws {
        let seaweed = try await SeaweedObjects.make()
        // SeaweedFS finds an object by a key with a backslash, and lists it with a slash instead.
        let keys = Self.awkwardKeys.filter { !$0.contains("\\") }
        try await list(keys, seaweed.s3, seaweed.objects, seaweed.names.photos)
        await seaweed.close()
    }

    @Test func awkwardKeysAreListedAsTheyAreOnTheOtherS3() async throws {
        let services = try await ProxiedServices.make()
        try await list(Self.awkwardKeys, services.s3, services.objects, services.platform.buckets.photos)
        await services.close()
    }

    private func list(_ keys: [String], _ s3: S3, _ objects: S3Objects, _ bucket: String) async throws {
        for key in keys {
            let upload = ObjectUpload(key: key, body: .bytes(Array(key.utf8)), contentType: "image/jpeg")
            #expect(try await objects.put(upload, in: .photos, if: .absent) != .conditionFailed)
        }
        let other = ObjectUpload(key: "h/other", body: .bytes([1]), contentType: "image/jpeg")
        _ = try await objects.put(other, in: .photos, if: .absent)
        var (found, pages, token): ([(key: String, size: Int)], Int, String?) = ([], 0, nil)
        repeat {
            let page = try await s3.list(bucket, prefix: "g/", after: token, limit: 5)
            #expect(page.keys.count <= 5)
            found += page.keys.map { ($0.key, $0.size) }
            (pages, token) = (pages + 1, page.next)
        } while token != nil
        #expect(pages == 4)
        // Two spellings of one letter are two keys, which Swift's strings can't tell apart.
        let wanted = Set(keys.map { Array($0.utf8) })
        #expect(Set(found.map { Array($0.key.utf8) }) == wanted)
        for (key, size) in found { #expect(size == key.utf8.count) }
    }

    @Test(arguments: ["g/a b+c #1 50%.jpg", "g/Été 💍.jpg", "g/\"q\"\\.jpg"])
    func whoHasAPresignedURLNeedsNoCredentials(_ key: String) async throws {
        let seaweed = try await SeaweedObjects.make()
        let put = try await seaweed.s3.presign(.PUT, seaweed.names.photos, key, lifetime: .seconds(60))
        #expect(try await plain(put, ["--upload-file", "-"]) == "200 ")
        let get = try await seaweed.s3.presign(.GET, seaweed.names.photos, key, lifetime: .seconds(60))
        #expect(try await plain(get).hasPrefix("200"))
        #expect(try await plain(get.replacing("X-Amz-Expires=60", with: "X-Amz-Expires=61")).hasPrefix("403"))
        #expect(try await plain(String(get.prefix { $0 != "?" })).hasPrefix("403"))
        // A URL to read is none to write.
        #expect(try await plain(get, ["--upload-file", "-"]).hasPrefix("403"))
        #expect(try await seaweed.objects.head(.photos, key: key)?.size == 0)
        await seaweed.close()
    }

    @Test func anExpiredPresignedURLIsRefused() async throws {
        let seaweed = try await SeaweedObjects.make()
        let upload = ObjectUpload(key: "k", body: .bytes(Array("photo".utf8)), contentType: "image/jpeg")
        _ = try await seaweed.objects.put(upload, in: .photos, if: .none)
        let url = try await seaweed.s3.presign(.GET, seaweed.names.photos, "k", lifetime: .seconds(2))
        #expect(try await plain(url) == "200 photo")
        try await Task.sleep(for: .seconds(3))
        #expect(try await plain(url).hasPrefix("403"))
        await seaweed.close()
    }

    @Test func aWrongSecretIsRefused() async throws {
        let seaweed = try await SeaweedObjects.make(secret: "wrong", recording: true)
        let error = await #expect(throws: RenditionError.self) {
            try await seaweed.objects.get(.photos, key: "k", limit: 1)
        }
        #expect(error?.code == "bad_credentials")
        // Once more, as a clock could have been to blame.
        #expect(seaweed.proxy.counts() == ["S3.GET": 2])
        await seaweed.close()
    }

    /// Status and body of what curl gets that knows no key.
    private func plain(_ url: String, _ more: [String] = []) async throws -> String {
        let result = try await Command.run(
            "curl", ["--silent", "--max-time", "20", "--write-out", "\n%{http_code}"] + more + [url])
        let end = result.output.lastIndex(of: "\n") ?? result.output.startIndex
        return "\(result.output[end...].dropFirst()) \(result.output[..<end])"
    }
}

/// A queue and records of one store with the objects of another.
private struct MixedStore: PhotoStore {
    let local: LocalStore
    let objects: any ObjectStore

    var queue: any JobQueue { local.queue }
    var records: any PhotoRecords { local.records }
    var clock: any StoreClock { local.clock }
    var doorbell: Doorbell { local.doorbell }
    var summary: String { local.summary }
    var mail: (any MailLedger)? { local.mail }

    func submit(_ record: PhotoRecord, lane: LaneClass) async throws { try await local.submit(record, lane: lane) }
    func withdraw(_ photoID: String) async throws { try await local.withdraw(photoID) }
    func tend() async throws -> Tended { try await local.tend() }
    func idleWait(afterSilence silence: Duration) -> Duration { local.idleWait(afterSilence: silence) }
    func isFed() async throws -> Bool { try await local.isFed() }
    func sweep() async throws { try await local.sweep() }
    func close() async { await local.close() }
}
