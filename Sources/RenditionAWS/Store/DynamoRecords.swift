import Foundation
import Logging
import RenditionCore

/// The platform's photos table in DynamoDB.
package struct DynamoRecords: PhotoRecords {
    private let dynamo: DynamoDB
    private let table: String
    private let covers: GalleryCovers
    private let photographers: Photographers

    package init(dynamo: DynamoDB, tables: TableNames, logger: Logger) {
        self.dynamo = dynamo
        table = tables.photos
        covers = GalleryCovers(dynamo: dynamo, table: tables.galleries, logger: logger)
        photographers = Photographers(dynamo: dynamo, table: tables.users)
    }

    /// The index of a gallery's photos, made by the platform.
    static let galleryIndex = "GalleryIdIndex"
    /// The same of a user's photos.
    static let userIndex = "UserIdIndex"

    package func record(_ photoID: String) async throws -> PhotoRecord? {
        try await store { try await dynamo.get(["id": .string(photoID)], from: table) }
            .map(PhotoRecord.init(attributes:))
    }

    package func record(originalKey key: String, searching: Bool) async throws -> PhotoRecord? {
        let parts = PathName.parts(key)
        guard parts.count >= 2, let gallery = parts.first else { return nil }
        // The name usually begins with the id. That is a guess, which saves reading the whole gallery where it is right.
        let guess = PathName.last(key).utf8.prefix { $0 != UInt8(ascii: "_") }
        if !guess.isEmpty, let found = try await record(String(Substring(guess))), found.s3Key == key { return found }
        guard searching else { return nil }
        var found: PhotoRecord?
        try await pages(of: "gallery_id", gallery, in: Self.galleryIndex) { records in
            found = records.first { $0.s3Key == key }
            return found == nil
        }
        return found
    }

    package func insert(_ record: PhotoRecord) async throws -> Bool {
        var expression = Expression()
        expression.requireAbsent("id")
        let outcome = try await store { try await dynamo.put(record.attributes, into: table, if: expression) }
        switch outcome {
        case .written: return true
        // After a lost reply what stands there may be what was just written.
        case .refused(let item, let unclear): return unclear && item == record.attributes
        }
    }

    package func commit(_ change: RecordCommit) async throws -> CommitOutcome {
        // The platform may change the status between two tries; it doesn't do so for ever.
        for _ in 0..<8 {
            switch try await write(change, changingStatus: true) {
            case .written(let before):
                await updateCovers(before, change)
                return .committed(status: change.status)
            case .refused(let item, _):
                if let reason = reason(item, change) { return reason }
            }
            switch try await write(change, changingStatus: false) {
            case .written(let before):
                await updateCovers(before, change)
                return .committed(status: PhotoRecord(attributes: before).status)
            case .refused(let item, _):
                if let reason = reason(item, change) { return reason }
            }
        }
        throw RenditionError(
            code: "contended", stage: .commit, retriable: true,
            message: "This photo's record changes too often to be completed. It will be tried again.",
            detail: change.photoID)
    }

    private func write(_ change: RecordCommit, changingStatus: Bool) async throws -> DynamoDB.Outcome {
        var expression = Expression()
        expression.requirePresent("id")
        expression.require("s3_key", is: .string(change.s3Key))
        expression.requireAbsent("rendition_fence", orAtMost: .integer(change.fence))
        let own = PhotoStatus.workersOwn.sorted().map(RecordValue.string)
        if changingStatus {
            expression.require("status", isOneOf: own)
            expression.set("status", .string(change.status))
        } else {
            expression.require("status", isNoneOf: own)
        }
        for (name, value) in change.set.sorted(by: { $0.key < $1.key }) { expression.set(name, value) }
        for name in change.remove { expression.remove(name) }
        let complete = expression
        return try await store {
            do {
                return try await dynamo.update(
                    ["id": .string(change.photoID)], in: table, complete, returning: .old)
            } catch let failure as AWSFailure where failure.code == "ValidationException" {
                // The record itself can't take the change, such as one that has grown to DynamoDB's 400 KB.
                throw RenditionError(
                    code: "record_refused", stage: .commit, retriable: false,
                    message: "This photo's record can't take any more. Remove some of its texts or tags.",
                    detail: failure.description)
            }
        }
    }

    /// Which of the conditions failed; nil where only the status did.
    private func reason(_ item: DynamoDB.Item?, _ change: RecordCommit) -> CommitOutcome? {
        guard let item else { return .gone }
        let present = PhotoRecord(attributes: item)
        if present.s3Key != change.s3Key { return .originalReplaced }
        if present.fence > change.fence { return .superseded(fence: present.fence) }
        return nil
    }

    package func gallery(_ galleryID: String) async throws -> [PhotoRecord] {
        var records: [PhotoRecord] = []
        try await pages(of: "gallery_id", galleryID, in: Self.galleryIndex) { page in
            records += page
            return true
        }
        return records.sorted { ($0["created_at"] ?? "", $0.id) < ($1["created_at"] ?? "", $1.id) }
    }

    package func records(of scope: PhotoScope, _ page: ([PhotoRecord]) async throws -> Bool) async throws {
        switch scope {
        case .photos(let ids):
            var rest = Set(ids).sorted()[...]
            while !rest.isEmpty {
                let keys = rest.prefix(100).map { ["id": RecordValue.string($0)] }
                rest = rest.dropFirst(100)
                let items = try await store { try await dynamo.get(keys, from: table) }
                if !items.isEmpty, try await !page(items.map(PhotoRecord.init(attributes:))) { return }
            }
        case .gallery(let id): try await pages(of: "gallery_id", id, in: Self.galleryIndex, page)
        case .user(let id): try await pages(of: "user_id", id, in: Self.userIndex, page)
        case .everything: try await pages(DynamoDB.Reading(table), page)
        }
    }

    package func photographer(_ id: String) async throws -> Photographer? { try await photographers.photographer(id) }

    /// Reads records page by page until the body says false.
    private func pages(
        of attribute: String, _ value: String, in index: String, _ body: ([PhotoRecord]) async throws -> Bool
    ) async throws {
        var keys = Expression()
        keys.require(attribute, is: .string(value))
        try await pages(DynamoDB.Reading(table, index: index, keys: keys), body)
    }

    private func pages(_ reading: DynamoDB.Reading, _ body: ([PhotoRecord]) async throws -> Bool) async throws {
        try await store {
            try await dynamo.readAll(reading) { page in
                // A page may be empty and not the last.
                if page.items.isEmpty { return true }
                return try await body(page.items.map(PhotoRecord.init(attributes:)))
            }
        }
    }

    private func updateCovers(_ before: DynamoDB.Item, _ change: RecordCommit) async {
        await covers.update(PhotoRecord(attributes: before), change.set)
    }
}

/// The names of the platform's tables.
package struct TableNames: Sendable, Hashable {
    package var photos: String
    package var galleries: String
    package var users: String
    /// The worker's own side table.
    package var jobs: String

    package init(photos: String, galleries: String, users: String, jobs: String) {
        self.photos = photos
        self.galleries = galleries
        self.users = users
        self.jobs = jobs
    }
}
