import Foundation
import RenditionCore
import Testing

extension PhotoStoreContract {
    /// A record as the backend writes it, with attributes of every type that nobody here has heard of.
    static func record(status: String = PhotoStatus.processing) -> PhotoRecord {
        var record = NewPhoto(id: "a", galleryID: "g", userID: "u", filename: "Été #1.jpg", fileSize: 12)
            .record(
                urls: PublicURLs(endpoint: "http://localhost", names: BucketNames()),
                now: Timestamp(milliseconds: 1_750_000_000_000))
        record.attributes["status"] = .string(status)
        record.attributes.merge(unknown) { _, new in new }
        return record
    }

    static let unknown: [String: RecordValue] = [
        "x_number": .number("12345678901234567890123456789012345678"),
        "x_small": .number("0.00000000000000000000000000000000000001"),
        "x_strings": .stringSet(["é", "z"]),
        "x_numbers": .numberSet(["1", "2.5"]),
        "x_binary": .binary(Data([0, 255, 1])),
        "x_binaries": .binarySet([Data([1]), Data([2, 3])]),
        "X-Upper": .map(["Key": .string("S"), "TableName": .map(["S": .string("N")])]),
        "x_nested": .map(["list": .list([.null, .bool(true), .string(""), .map([:])])]),
        "renditions": .list([.string("not ours")]),
    ]

    static func commit(
        fence: Int = 1, s3Key: String? = nil, set: [String: RecordValue] = ["width": .integer(10)],
        remove: [String] = [], becomes status: String = PhotoStatus.active
    ) -> RecordCommit {
        RecordCommit(
            photoID: "a", s3Key: s3Key ?? record().s3Key, fence: fence,
            set: set.merging(["rendition_fence": .integer(fence)]) { old, _ in old }, remove: remove,
            status: status)
    }

    static let recordCases = [
        Case("a record comes back as it was inserted") { store, _ async throws in
            #expect(try await store.records.insert(record()))
            #expect(try await store.records.record("a") == record())
            #expect(try await store.records.record("b") == nil)
        },
        Case("a record is found by its original's key") { store, _ async throws in
            // A key that begins with another photo's id is still that record's.
            for (id, key) in [("a", record().s3Key), ("b", "g/a_other.jpg"), ("c", "g/no id.jpg")] {
                var other = record()
                other.attributes["id"] = .string(id)
                other.attributes["s3_key"] = .string(key)
                _ = try await store.records.insert(other)
            }
            #expect(try await store.records.record(originalKey: record().s3Key, searching: true)?.id == "a")
            #expect(try await store.records.record(originalKey: "g/a_other.jpg", searching: true)?.id == "b")
            #expect(try await store.records.record(originalKey: "g/no id.jpg", searching: true)?.id == "c")
            #expect(try await store.records.record(originalKey: "g/a_nobody.jpg", searching: true) == nil)
            #expect(try await store.records.record(originalKey: "", searching: true) == nil)
        },
        Case("a photo that was withdrawn leaves nothing, and others stay") { store, _ async throws in
            var other = record()
            other.attributes["id"] = .string("b")
            for record in [record(), other] { try await store.submit(record, lane: .fresh) }
            for _ in 1...2 { try await store.withdraw("a") }
            #expect(try await store.records.record("a") == nil)
            #expect(try await store.queue.job("a") == nil)
            #expect(try await store.queue.history("a").isEmpty)
            #expect(try await store.records.record("b") == other)
            #expect(try await claimOne(store).photo.id == "b")
            #expect(try await store.queue.claim(upTo: 1, owner: "w", lease: lease).isEmpty)
        },
        Case("a submitted photo has its record and its place in the queue") { store, _ async throws in
            try await store.submit(record(), lane: .fresh)
            #expect(try await store.records.record("a") == record())
            #expect(try await store.queue.depth().due == 1)
            try await store.submit(record(), lane: .fresh)
            #expect(try await claimOne(store).photo == photo("a"))
            #expect(try await store.queue.claim(upTo: 1, owner: "w", lease: lease).isEmpty)
        },
        Case("an insert never replaces") { store, _ async throws in
            _ = try await store.records.insert(record())
            var other = record()
            other.attributes["title"] = .string("another")
            #expect(try await !store.records.insert(other))
            #expect(try await store.records.record("a") == record())
        },
        Case("a commit changes what it names and nothing else") { store, _ async throws in
            _ = try await store.records.insert(record())
            let change = commit(
                set: ["width": .integer(6000), "gps": .map(["latitude": .number("-33.8568")])], remove: ["views"])
            #expect(try await store.records.commit(change) == .committed(status: "active"))
            var expected = record().attributes
            expected["width"] = .integer(6000)
            expected["gps"] = .map(["latitude": .number("-33.8568")])
            expected["rendition_fence"] = .integer(1)
            expected["views"] = nil
            expected["status"] = .string("active")
            #expect(try await store.records.record("a")?.attributes == expected)
        },
        Case("a photo that was given up becomes active when it succeeds after all") { store, _ async throws in
            _ = try await store.records.insert(record(status: PhotoStatus.failed))
            #expect(try await store.records.commit(commit()) == .committed(status: "active"))
            #expect(try await store.records.record("a")?.status == "active")
        },
        Case("the platform's own statuses stay") { store, _ async throws in
            // An empty one is none: a store may look records up by it.
            for status in ["pending", "approved", "active", "", "Processing"] {
                let id = "status-\(status)"
                var other = record(status: status)
                if status.isEmpty { other.attributes["status"] = nil }
                other.attributes["id"] = .string(id)
                _ = try await store.records.insert(other)
                var change = commit()
                change.photoID = id
                #expect(try await store.records.commit(change) == .committed(status: status))
                let stored = try await store.records.record(id)
                #expect(stored?.status == status)
                #expect(stored?.attributes["width"] == .integer(10))
            }
        },
        Case("a failure turns processing into failed") { store, _ async throws in
            _ = try await store.records.insert(record())
            let change = RecordCommit.failed(
                error, record: record(), fence: 3, now: Timestamp(milliseconds: 1_750_000_001_000))
            #expect(try await store.records.commit(change) == .committed(status: "failed"))
            let reason = try await store.records.record("a")?.attributes["rendition_error"]?.map
            #expect(reason?["code"] == .string("test"))
            #expect(reason?["stage"] == .string("render"))
            #expect(reason?["message"] == .string("For the test."))
        },
        Case("a commit never brings a deleted record back") { store, _ async throws in
            #expect(try await store.records.commit(commit()) == .gone)
            #expect(try await store.records.record("a") == nil)
        },
        Case("a commit is refused when the record names another original") { store, _ async throws in
            _ = try await store.records.insert(record())
            #expect(try await store.records.commit(commit(s3Key: "g/a_other.jpg")) == .originalReplaced)
            #expect(try await store.records.record("a") == record())
        },
        Case("a commit is refused after a later claim's") { store, _ async throws in
            _ = try await store.records.insert(record())
            _ = try await store.records.commit(commit(fence: 5))
            let after = try await store.records.record("a")
            #expect(
                try await store.records.commit(commit(fence: 4, set: ["width": .integer(1)])) == .superseded(fence: 5))
            #expect(try await store.records.record("a") == after)
            #expect(try await store.records.commit(commit(fence: 5)) == .committed(status: "active"))
        },
        Case("a commit is refused after a later claim's, though the record owes renditions again") {
            store, _ async throws in
            var other = record()
            other.attributes["rendition_fence"] = .integer(5)
            _ = try await store.records.insert(other)
            #expect(try await store.records.commit(commit(fence: 4)) == .superseded(fence: 5))
            #expect(try await store.records.record("a") == other)
        },
        Case("the records of a scope come page by page, each once") { store, _ async throws in
            // More than a page of either store holds.
            for number in 0..<700 {
                var other = record()
                other.attributes["id"] = .string("p-\(number)")
                other.attributes["gallery_id"] = .string(number % 7 == 0 ? "seventh" : "g")
                other.attributes["user_id"] = .string(number % 2 == 0 ? "even" : "odd")
                other.attributes["description"] = .string(String(repeating: "x", count: 2000))
                _ = try await store.records.insert(other)
            }
            func ids(of scope: PhotoScope) async throws -> [String] {
                var (ids, pages) = ([String](), 0)
                try await store.records.records(of: scope) { page in
                    #expect(page.allSatisfy { $0.attributes["x_binary"] == unknown["x_binary"] })
                    ids += page.map(\.id)
                    pages += 1
                    return true
                }
                #expect(pages > 1 || ids.count < 500)
                return ids.sorted()
            }
            func expected(_ isMeant: (Int) -> Bool) -> [String] { (0..<700).filter(isMeant).map { "p-\($0)" }.sorted() }
            #expect(try await ids(of: .everything) == expected { _ in true })
            #expect(try await ids(of: .gallery("seventh")) == expected { $0 % 7 == 0 })
            #expect(try await ids(of: .user("odd")) == expected { $0 % 2 == 1 })
            #expect(try await ids(of: .photos((0..<250).map { "p-\($0)" } + ["p-1", "none"])) == expected { $0 < 250 })
            #expect(try await ids(of: .gallery("none")).isEmpty)
            #expect(try await ids(of: .photos([])).isEmpty)
            var pages = 0
            try await store.records.records(of: .everything) { _ in
                pages += 1
                return false
            }
            #expect(pages == 1)
        },
        Case("a gallery lists its photos in order of upload") { store, _ async throws in
            for (id, created) in [
                ("b", "2026-01-02T00:00:00.000Z"), ("a", "2026-01-01T00:00:00.000Z"), ("c", "2026-01-03T00:00:00.000Z"),
            ] {
                var other = record()
                other.attributes["id"] = .string(id)
                other.attributes["created_at"] = .string(created)
                if id == "c" { other.attributes["gallery_id"] = .string("another") }
                _ = try await store.records.insert(other)
            }
            #expect(try await store.records.gallery("g").map(\.id) == ["a", "b"])
            #expect(try await store.records.gallery("none").isEmpty)
        },
    ]
}
