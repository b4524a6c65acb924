import Crypto
import Foundation
import NIOHTTP1
import RenditionCore

/// The platform's two buckets in S3.
package struct S3Objects: ObjectStore {
    private let s3: S3
    private let names: BucketNames
    /// Hashes and reads files, apart from Swift's own threads.
    private let threads = DispatchPool(width: 2, label: "renditions.upload")

    private let multipartSize: Int
    private let partSize: Int

    /// - Parameters:
    ///   - multipartSize: From this size on a file is uploaded in parts.
    ///   - partSize: A part's size; S3 takes none below 5 MiB but the last.
    package init(s3: S3, names: BucketNames, multipartSize: Int = 64 << 20, partSize: Int = 16 << 20) {
        self.s3 = s3
        self.names = names
        self.multipartSize = multipartSize
        self.partSize = partSize
    }

    package func head(_ bucket: Bucket, key: String) async throws -> ObjectInfo? {
        try await object(in: bucket, .publish) { try await s3.head(names[bucket], key) }.map { Self.info(key, $0) }
    }

    package func get(_ bucket: Bucket, key: String, limit: Int) async throws -> (info: ObjectInfo, bytes: [UInt8])? {
        do {
            guard let response = try await s3.get(names[bucket], key, limit: limit) else { return nil }
            return (Self.info(key, response.headers), response.body)
        } catch let failure as AWSFailure where Self.ownCodes.contains(failure.code) {
            throw Self.fetchError(failure, limit: limit)
        } catch {
            return try await object(in: bucket, .fetch) { throw error }
        }
    }

    /// Runs a request about one object. What the service refuses of this object alone is the photo's failure and counts
    /// its attempts; everything else is the store's. Whether it is this one alone, another key of the bucket tells.
    ///
    /// - Parameter isWrite: A forbidden write is the store's all the same: it is buckets that are closed to writing.
    private func object<Result>(
        in bucket: Bucket, _ stage: RenditionError.Stage, isWrite: Bool = false, _ body: () async throws -> Result
    ) async throws -> Result {
        try await store {
            do {
                return try await body()
            } catch let failure as AWSFailure
                where failure.kind == .final && !failure.isEverybodys && !(isWrite && failure.status == 403)
            {
                guard await answers(bucket) else { throw failure }
                throw failure.photoError(stage)
            }
        }
    }

    /// Whether a bucket says of a key under which nothing lies that nothing lies there.
    private func answers(_ bucket: Bucket) async -> Bool {
        do {
            return try await s3.head(names[bucket], "renditions/.none") == nil
        } catch {
            return false
        }
    }

    private static let ownCodes: Set<String> = ["TooLong", "DamagedObject", "InvalidObjectState"]

    /// What is this one object's fault, as its code tells.
    private static func fetchError(_ failure: AWSFailure, limit: Int) -> RenditionError {
        switch failure.code {
        case "TooLong":
            return RenditionError.tooLarge(
                bytes: Int(failure.message.prefix { $0.isNumber }), limit: limit, stage: .fetch)
        case "DamagedObject":
            return RenditionError(
                code: "stored_file_differs", stage: .fetch, retriable: true,
                message: "The stored file of this photo is not the one that was uploaded. Upload the photo again.",
                detail: failure.description)
        case "InvalidObjectState":
            return RenditionError(
                code: "archived", stage: .fetch, retriable: false,
                message: "The uploaded file of this photo is in an archive. Restore it, then render it again.",
                detail: failure.description)
        default: return failure.renditionError
        }
    }

    package func put(_ upload: ObjectUpload, in bucket: Bucket, if condition: PutCondition) async throws -> PutOutcome {
        let (headers, name) = (Self.headers(upload), names[bucket])
        let written: S3.Written
        let size: Int
        switch upload.body {
        case .bytes(let bytes):
            size = bytes.count
            written = try await object(in: bucket, .publish, isWrite: true) {
                try await s3.put(
                    .bytes(bytes), hash: SHA256.hash(data: bytes), as: name, upload.key, headers: headers,
                    if: condition)
            }
        case .file(let path):
            size = try Self.size(of: path)
            let large = size >= multipartSize
            written =
                large
                ? try await putInParts(path, size, upload, name, headers, condition)
                : try await putFile(path, size, upload, name, headers, condition)
        }
        guard case .stored(let etag) = written else { return .conditionFailed }
        return .stored(
            ObjectInfo(
                key: upload.key, size: size, etag: etag, contentType: upload.contentType,
                cacheControl: upload.cacheControl, metadata: upload.metadata))
    }

    package func delete(_ bucket: Bucket, key: String) async throws {
        try await store { try await s3.delete(names[bucket], key) }
    }

    package func list(
        _ bucket: Bucket, prefix: String, _ page: ([ListedObject]) async throws -> Bool
    ) async throws {
        var next: String?
        repeat {
            let found = try await store { [next] in try await s3.list(names[bucket], prefix: prefix, after: next) }
            let objects = found.keys.map { ListedObject(key: $0.key, size: $0.size, modified: $0.modified) }
            if !objects.isEmpty, try await !page(objects) { return }
            next = found.next
        } while next != nil
    }

    // MARK: Files

    private func putFile(
        _ path: String, _ size: Int, _ upload: ObjectUpload, _ bucket: String, _ headers: HTTPHeaders,
        _ condition: PutCondition
    ) async throws -> S3.Written {
        // Read twice: the signature holds the hash and goes first.
        let hash = try await threads.run {
            var hash = SHA256()
            try Self.read(path, size) { hash.update(data: $0) }
            return hash.finalize()
        }
        return try await store {
            try await s3.put(
                .file(path: path, offset: 0, length: size), hash: hash, as: bucket, upload.key, headers: headers,
                if: condition)
        }
    }

    private func putInParts(
        _ path: String, _ size: Int, _ upload: ObjectUpload, _ bucket: String, _ headers: HTTPHeaders,
        _ condition: PutCondition
    ) async throws -> S3.Written {
        let id = try await store { try await s3.beginUpload(bucket, upload.key, headers: headers) }
        do {
            var parts: [S3.Part] = []
            for offset in stride(from: 0, to: size, by: partSize) {
                let length = min(partSize, size - offset)
                let bytes = try await threads.run {
                    var bytes: [UInt8] = []
                    bytes.reserveCapacity(length)
                    try Self.read(path, length, from: offset) { bytes.append(contentsOf: $0) }
                    return bytes
                }
                let number = parts.count + 1
                parts.append(
                    try await store { try await s3.uploadPart(number, of: id, bytes, to: bucket, upload.key) })
            }
            let all = parts
            let written = try await store {
                try await s3.completeUpload(id, parts: all, size: size, in: bucket, upload.key, if: condition)
            }
            // A lost race leaves the parts where they are.
            if case .conditionFailed = written { await abandon(id, bucket, upload.key) }
            return written
        } catch {
            await abandon(id, bucket, upload.key)
            throw error
        }
    }

    /// What isn't given up would lie there and cost for ever, so that it is done in a cancelled task too.
    private func abandon(_ id: String, _ bucket: String, _ key: String) async {
        await Task { try? await s3.abandonUpload(id, bucket, key) }.value
    }

    private static func size(of path: String) throws -> Int {
        do {
            return try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        } catch {
            throw unreadable(path, "\(error)")
        }
    }

    private static func read(
        _ path: String, _ length: Int, from offset: Int = 0, _ body: (Data) -> Void
    ) throws {
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            try file.seek(toOffset: UInt64(offset))
            var left = length
            while left > 0 {
                guard let data = try file.read(upToCount: min(left, 1 << 20)), !data.isEmpty else {
                    throw unreadable(path, "it ends before its length")
                }
                body(data)
                left -= data.count
            }
        } catch let error as RenditionError {
            throw error
        } catch {
            throw unreadable(path, "\(error)")
        }
    }

    private static func unreadable(_ path: String, _ detail: String) -> RenditionError {
        RenditionError(
            code: "file_error", stage: .publish, retriable: true, message: "This file can't be read.",
            detail: "\(path): \(detail)")
    }

    // MARK: Headers

    private static let metadataPrefix = "x-amz-meta-"

    private static func headers(_ upload: ObjectUpload) -> HTTPHeaders {
        var headers: HTTPHeaders = ["content-type": upload.contentType]
        if let cacheControl = upload.cacheControl { headers.add(name: "cache-control", value: cacheControl) }
        for (name, value) in upload.metadata.sorted(by: { $0.key < $1.key }) {
            headers.add(name: metadataPrefix + name, value: value)
        }
        return headers
    }

    private static func info(_ key: String, _ headers: HTTPHeaders) -> ObjectInfo {
        var metadata: [String: String] = [:]
        for (name, value) in headers where name.lowercased().hasPrefix(metadataPrefix) {
            metadata[String(name.lowercased().dropFirst(metadataPrefix.count))] = value
        }
        return ObjectInfo(
            key: key, size: headers.first(name: "content-length").flatMap(Int.init) ?? 0,
            etag: headers.first(name: "etag") ?? "",
            contentType: headers.first(name: "content-type") ?? "application/octet-stream",
            cacheControl: headers.first(name: "cache-control"), metadata: metadata)
    }
}
