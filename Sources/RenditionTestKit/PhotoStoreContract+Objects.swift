import Foundation
import RenditionCore
import Testing

extension PhotoStoreContract {
    static func upload(_ key: String, _ text: String = "bytes", fence: Int? = nil) -> ObjectUpload {
        ObjectUpload(
            key: key, body: .bytes(Array(text.utf8)), contentType: "image/jpeg",
            cacheControl: "public, max-age=31536000, immutable",
            metadata: ["photo-id": "a", "fence": fence.map(String.init) ?? "0"])
    }

    /// Base names as people give them.
    package static let awkwardNames = [
        "a b.jpg", "Été à Nice.JPG", "100%.jpg", "a+b.jpg", "#1.jpg", "what?.jpg", "a&b=c.jpg", "💍👰🏽‍♀️.heic",
        "..jpg", "...", "name.with.dots.tar.jpg", "no-extension", ".hidden", "\"quoted\"'.jpg", "back\\slash.jpg",
        String(repeating: "é", count: 200) + ".jpg", String(repeating: "x", count: 200) + ".jpeg", "tab\there.jpg",
    ]

    package static let objectCases = [
        Case("an object comes back with all that was said of it") { store, _ async throws in
            let stored = try await store.objects.put(upload("g/x.jpg"), in: .renditions, if: .none)
            guard case .stored(let info) = stored else {
                Issue.record("not stored")
                return
            }
            #expect((info.size, info.contentType) == (5, "image/jpeg"))
            let head = try #require(try await store.objects.head(.renditions, key: "g/x.jpg"))
            #expect(head == info)
            #expect(head.cacheControl == "public, max-age=31536000, immutable")
            #expect(head.metadata == ["photo-id": "a", "fence": "0"])
            let got = try #require(try await store.objects.get(.renditions, key: "g/x.jpg", limit: 5))
            #expect(got.bytes == Array("bytes".utf8))
            #expect(got.info == info)
        },
        Case("what isn't there is nil") { store, _ async throws in
            #expect(try await store.objects.head(.photos, key: "g/none") == nil)
            #expect(try await store.objects.get(.photos, key: "g/none", limit: 9) == nil)
            try await store.objects.delete(.photos, key: "g/none")
        },
        Case("the two buckets are apart") { store, _ async throws in
            _ = try await store.objects.put(upload("g/x.jpg"), in: .photos, if: .none)
            #expect(try await store.objects.head(.renditions, key: "g/x.jpg") == nil)
        },
        Case("names that people give come back as they are") { store, _ async throws in
            for (index, name) in awkwardNames.enumerated() {
                let key = "g/\(index)_\(name)"
                _ = try await store.objects.put(upload(key, name), in: .photos, if: .absent)
            }
            for (index, name) in awkwardNames.enumerated() {
                let got = try await store.objects.get(.photos, key: "g/\(index)_\(name)", limit: 9999)
                #expect(got.map { String(decoding: $0.bytes, as: UTF8.self) } == name)
            }
        },
        Case("keys are found by what they begin with") { store, _ async throws in
            for key in ["g/a_1", "g/a_é #%", "g/A_1", "g/ab", "h/a_1", "g/a"] {
                _ = try await store.objects.put(upload(key), in: .renditions, if: .none)
            }
            _ = try await store.objects.put(upload("g/a_original"), in: .photos, if: .none)
            #expect(try await store.objects.keys(.renditions, prefix: "g/a_") == ["g/a_1", "g/a_é #%"])
            #expect(try await store.objects.keys(.renditions, prefix: "g/%") == [])
        },
        Case("a listing tells what is there, page by page") { store, clock async throws in
            let names = (0..<1100).map { String(format: "g/%04d", $0) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, key) in names.enumerated() {
                    if index >= 16 { try await group.next() }
                    group.addTask { _ = try await store.objects.put(upload(key), in: .renditions, if: .none) }
                }
                try await group.waitForAll()
            }
            var (listed, pages) = ([ListedObject](), 0)
            try await store.objects.list(.renditions, prefix: "g/") { page in
                listed += page
                pages += 1
                return true
            }
            #expect(listed.map(\.key) == names)
            #expect(pages == 2)
            #expect(listed.allSatisfy { $0.size == 5 })
            // The store's own time, or the clock of an embedded one.
            let nows = [clock.now, SystemClock().now]
            #expect(listed.allSatisfy { object in nows.contains { abs(($0 - object.modified).seconds) < 300 } })
            pages = 0
            try await store.objects.list(.renditions, prefix: "g/") { _ in
                pages += 1
                return false
            }
            #expect(pages == 1)
        },
        Case("an empty object is an object") { store, _ async throws in
            _ = try await store.objects.put(upload("g/empty", ""), in: .photos, if: .absent)
            #expect(try await store.objects.get(.photos, key: "g/empty", limit: 0)?.bytes == [])
        },
        Case("a file is uploaded whole") { store, _ async throws in
            let bytes = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
            let path = "\(NSTemporaryDirectory())/contract-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: path) }
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            var upload = upload("g/file")
            upload.body = .file(path)
            _ = try await store.objects.put(upload, in: .photos, if: .absent)
            #expect(try await store.objects.get(.photos, key: "g/file", limit: 4_000_000)?.bytes == bytes)
        },
        Case("nothing larger than the limit is read") { store, _ async throws in
            _ = try await store.objects.put(upload("g/x"), in: .photos, if: .none)
            let error = await #expect(throws: RenditionError.self) {
                try await store.objects.get(.photos, key: "g/x", limit: 4)
            }
            #expect(error?.code == "too_large")
            #expect(error?.retriable == false)
        },
        Case("a write if absent happens once") { store, _ async throws in
            #expect(try await store.objects.put(upload("g/x"), in: .photos, if: .absent) != .conditionFailed)
            #expect(try await store.objects.put(upload("g/x", "other"), in: .photos, if: .absent) == .conditionFailed)
            #expect(try await store.objects.get(.photos, key: "g/x", limit: 9)?.bytes == Array("bytes".utf8))
        },
        Case("a write if unchanged fails after a change") { store, _ async throws in
            _ = try await store.objects.put(upload("g/x", "1"), in: .renditions, if: .none)
            let seen = try #require(try await store.objects.head(.renditions, key: "g/x"))
            let second = try await store.objects.put(
                upload("g/x", "2"), in: .renditions, if: .unchanged(etag: seen.etag))
            #expect(second != .conditionFailed)
            let third = try await store.objects.put(
                upload("g/x", "3"), in: .renditions, if: .unchanged(etag: seen.etag))
            #expect(third == .conditionFailed)
            #expect(try await store.objects.get(.renditions, key: "g/x", limit: 9)?.bytes == Array("2".utf8))
            let gone = try await store.objects.put(
                upload("g/none"), in: .renditions, if: .unchanged(etag: seen.etag))
            #expect(gone == .conditionFailed)
        },
        Case("of racing writes under one condition, one happens") { store, _ async throws in
            _ = try await store.objects.put(upload("g/x", "0"), in: .renditions, if: .none)
            let seen = try #require(try await store.objects.head(.renditions, key: "g/x"))
            let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
                for writer in 1...12 {
                    group.addTask {
                        let outcome = try await store.objects.put(
                            upload("g/x", "\(writer)"), in: .renditions, if: .unchanged(etag: seen.etag))
                        return outcome != .conditionFailed
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(winners == 1)
        },
        Case("a deleted object is gone") { store, _ async throws in
            _ = try await store.objects.put(upload("g/x"), in: .photos, if: .none)
            try await store.objects.delete(.photos, key: "g/x")
            #expect(try await store.objects.get(.photos, key: "g/x", limit: 9) == nil)
            #expect(try await store.objects.put(upload("g/x", "again"), in: .photos, if: .absent) != .conditionFailed)
        },
        Case("a later claim's rendition is never replaced by an earlier's") { store, _ async throws in
            let publisher = Publisher(objects: store.objects)
            let key = ObjectKeys.rendition(galleryID: "g", originalKey: record().s3Key, size: .small)
            func publish(_ text: String, fence: Int) async throws -> Publisher.Outcome {
                let bytes = Array(text.utf8)
                let rendition = Rendition(
                    size: .small, pixels: PixelSize(width: 1, height: 1), bytes: bytes,
                    checksum: Checksum.sha256(bytes))
                return try await publisher.publish(
                    rendition, of: record(), recipe: text, fence: fence
                ) { true }
            }
            #expect(try await publish("one", fence: 1) == .published)
            #expect(try await publish("three", fence: 3) == .published)
            #expect(try await publish("two", fence: 2) == .superseded(fence: 3))
            #expect(try await publish("three", fence: 2) == .published)
            let stands = try #require(try await store.objects.get(.renditions, key: key, limit: 99))
            #expect(stands.bytes == Array("three".utf8))
            #expect(stands.info.metadata["fence"] == "3")
            #expect(stands.info.metadata["original-key"] == "g/a_%C3%89t%C3%A9%20%231.jpg")
        },
        Case("a name of many emoji still fits beside a rendition") { store, _ async throws in
            var long = record()
            // S3 takes 2 KB of metadata, and each of these takes 12 bytes of it.
            long.attributes["s3_key"] = .string("g/" + String(repeating: "💍", count: 190) + ".jpg")
            let rendition = Rendition(
                size: .small, pixels: PixelSize(width: 1, height: 1), bytes: [1], checksum: Checksum.sha256([1]))
            let outcome = try await Publisher(objects: store.objects).publish(
                rendition, of: long, recipe: "r", fence: 1
            ) { true }
            #expect(outcome == .published)
            let key = ObjectKeys.rendition(galleryID: "g", originalKey: long.s3Key, size: .small)
            let metadata = try #require(try await store.objects.head(.renditions, key: key)?.metadata)
            #expect(metadata.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count } < 2048)
            #expect(metadata["original-key"]?.removingPercentEncoding.map(long.s3Key.hasPrefix) == true)
        },
        Case("nothing is published under a lost lease") { store, _ async throws in
            let rendition = Rendition(
                size: .small, pixels: PixelSize(width: 1, height: 1), bytes: [1], checksum: Checksum.sha256([1]))
            await #expect(throws: CancellationError.self) {
                try await Publisher(objects: store.objects).publish(
                    rendition, of: record(), recipe: "r", fence: 1
                ) { false }
            }
            let key = ObjectKeys.rendition(galleryID: "g", originalKey: record().s3Key, size: .small)
            #expect(try await store.objects.head(.renditions, key: key) == nil)
        },
    ]
}
