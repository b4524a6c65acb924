import Crypto
import Foundation
import NIOHTTP1
import RenditionCore

/// S3's operations as far as they are used.
///
/// Source: Amazon S3 API Reference, version 2006-03-01. All members may be called concurrently; they throw
/// ``AWSFailure`` and ``CredentialError``.
package struct S3: Sendable {
    /// How a bucket is named in a request.
    package enum Addressing: String, Sendable, CaseIterable {
        /// `https://endpoint/bucket/key`: emulators, and names that are no host's.
        case path
        /// `https://bucket.endpoint/key`: what AWS asks for.
        case virtual

        /// The host that a request for an object names.
        ///
        /// - Parameter host: The endpoint's.
        package func host(of bucket: String, at host: String) -> String {
            switch self {
            case .path: host
            case .virtual: "\(bucket).\(host)"
            }
        }
    }

    let client: ServiceClient
    private let addressing: Addressing

    package init(endpoint: Endpoint, addressing: Addressing, context: AWSContext) {
        client = ServiceClient(
            "S3", scope: "s3", endpoint: endpoint, context: context, retry: RetryPolicy(maxAttempts: 3),
            readError: Self.error)
        self.addressing = addressing
    }

    // MARK: Objects

    /// - Returns: nil where there is no such object.
    package func head(_ bucket: String, _ key: String) async throws -> HTTPHeaders? {
        try await absentAsNil {
            try await send(
                "HeadObject", request(.HEAD, bucket, key), subject(bucket, key), deadline: .seconds(10)
            ).headers
        }
    }

    /// Reads a whole object, with its length and checksum verified.
    ///
    /// - Parameter limit: The most bytes; a longer one fails as `TooLong` without being read.
    /// - Returns: nil where there is no such object.
    package func get(_ bucket: String, _ key: String, limit: Int) async throws -> WireResponse? {
        let subject = subject(bucket, key)
        return try await absentAsNil {
            var request = request(.GET, bucket, key)
            request.headers.add(name: "x-amz-checksum-mode", value: "ENABLED")
            return try await send("GetObject", request, subject, limit: limit, deadline: .seconds(900)) { response in
                if let problem = ObjectIntegrity.problem(with: response) {
                    throw AWSFailure(
                        call: "S3 GetObject", subject: subject, status: response.status, code: "DamagedObject",
                        message: problem, kind: .transient)
                }
            }
        }
    }

    /// What became of a conditional write.
    package enum Written: Sendable {
        case stored(etag: String)
        case conditionFailed
    }

    /// Writes an object in one request.
    ///
    /// - Parameter hash: SHA-256 of the body; S3 checks what arrives against it.
    package func put(
        _ body: WireBody, hash: SHA256.Digest, as bucket: String, _ key: String, headers: HTTPHeaders,
        if condition: PutCondition
    ) async throws -> Written {
        var request = request(.PUT, bucket, key)
        request.headers = headers
        request.headers.add(name: "x-amz-checksum-sha256", value: Data(hash).base64EncodedString())
        Self.add(condition, to: &request.headers)
        request.body = body
        return try await conditionally {
            let response = try await send(
                "PutObject", request, subject(bucket, key), payload: .hash(Checksum.hex(hash)), deadline: .seconds(300))
            return response["etag"] ?? ""
        }
    }

    /// Removes an object; absent is fine.
    package func delete(_ bucket: String, _ key: String) async throws {
        _ = try await absentAsNil {
            try await send("DeleteObject", request(.DELETE, bucket, key), subject(bucket, key))
        }
    }

    /// A page of keys below a prefix, in order.
    package struct Listing: Sendable {
        package var keys: [(key: String, size: Int, etag: String, modified: Timestamp)]
        /// Where the next page begins; nil at the end.
        package var next: String?
    }

    /// - Parameter limit: The most keys of a page; nil for the server's own, which is 1000.
    package func list(
        _ bucket: String, prefix: String, after token: String? = nil, limit: Int? = nil
    ) async throws -> Listing {
        var request = request(.GET, bucket, nil)
        // Encoded keys survive XML, which can't hold every character that a key can.
        request.query = [("list-type", "2"), ("encoding-type", "url"), ("prefix", prefix)]
        if let token { request.query.append(("continuation-token", token)) }
        if let limit { request.query.append(("max-keys", String(limit))) }
        let response = try await send("ListObjectsV2", request, bucket)
        let document = try document(response, "ListObjectsV2", bucket)
        // Not every server encodes them.
        let isEncoded = document["EncodingType"]?.text == "url"
        let keys = document.children.filter { $0.name == "Contents" }.map { entry in
            let key = entry["Key"]?.text ?? ""
            let decoded = isEncoded ? key.replacing("+", with: " ").removingPercentEncoding : nil
            return (
                key: decoded ?? key, size: Int(entry["Size"]?.text ?? "") ?? 0, etag: entry["ETag"]?.text ?? "",
                modified: (entry["LastModified"]?.text).flatMap(Timestamp.init(iso8601:))
                    ?? Timestamp(milliseconds: .max)
            )
        }
        let next = document["IsTruncated"]?.text == "true" ? document["NextContinuationToken"]?.text : nil
        return Listing(keys: keys, next: next)
    }

    // MARK: Uploads in parts

    package struct Part: Sendable {
        package var number: Int
        package var etag: String
        /// SHA-256 in Base64.
        package var checksum: String
    }

    /// Begins an upload whose parts will be checked by SHA-256.
    package func beginUpload(_ bucket: String, _ key: String, headers: HTTPHeaders) async throws -> String {
        var request = request(.POST, bucket, key)
        request.query = [("uploads", "")]
        request.headers = headers
        request.headers.add(name: "x-amz-checksum-algorithm", value: "SHA256")
        let subject = subject(bucket, key)
        let response = try await send("CreateMultipartUpload", request, subject)
        guard let id = try document(response, "CreateMultipartUpload", subject)["UploadId"]?.text else {
            throw AWSFailure(
                call: "S3 CreateMultipartUpload", subject: subject, code: "UnreadableAnswer", message: "no UploadId",
                kind: .final)
        }
        return id
    }

    /// Uploads one part; S3 checks what arrives against its SHA-256.
    package func uploadPart(
        _ number: Int, of upload: String, _ bytes: [UInt8], to bucket: String, _ key: String
    ) async throws -> Part {
        let hash = SHA256.hash(data: bytes)
        let checksum = Data(hash).base64EncodedString()
        var request = request(.PUT, bucket, key)
        request.query = [("partNumber", String(number)), ("uploadId", upload)]
        request.headers.add(name: "x-amz-checksum-sha256", value: checksum)
        request.body = .bytes(bytes)
        let response = try await send(
            "UploadPart", request, subject(bucket, key), payload: .hash(Checksum.hex(hash)), deadline: .seconds(300))
        return Part(number: number, etag: response["etag"] ?? "", checksum: checksum)
    }

    /// Puts the parts together under the key, where the condition holds.
    ///
    /// - Parameter size: Bytes of the whole object. S3 compares it, and the parts' checksums, with what it has.
    package func completeUpload(
        _ upload: String, parts: [Part], size: Int, in bucket: String, _ key: String, if condition: PutCondition
    ) async throws -> Written {
        let list = parts.map { part in
            "<Part><PartNumber>\(part.number)</PartNumber><ETag>\(part.etag)</ETag>"
                + "<ChecksumSHA256>\(part.checksum)</ChecksumSHA256></Part>"
        }
        let body = Array("<CompleteMultipartUpload>\(list.joined())</CompleteMultipartUpload>".utf8)
        var request = request(.POST, bucket, key)
        request.query = [("uploadId", upload)]
        request.headers.add(name: "content-type", value: "application/xml")
        request.headers.add(name: "x-amz-mp-object-size", value: String(size))
        Self.add(condition, to: &request.headers)
        request.body = .bytes(body)
        let subject = subject(bucket, key)
        let call = request
        return try await conditionally {
            let response = try await send(
                "CompleteMultipartUpload", call, subject, payload: .hash(Checksum.sha256(body)),
                deadline: .seconds(300)
            ) { response in
                // The answer may begin well and then turn out a failure.
                let body = Self.error(response)
                guard body.code.isEmpty else {
                    throw AWSFailure(
                        call: "S3 CompleteMultipartUpload", subject: subject, status: response.status, code: body.code,
                        message: body.message, kind: AWSFailure.kind(status: 500, code: body.code),
                        mayHaveHappened: true)
                }
            }
            return try document(response, "CompleteMultipartUpload", subject)["ETag"]?.text ?? ""
        }
    }

    /// Gives an upload up, so that its parts cost nothing.
    package func abandonUpload(_ upload: String, _ bucket: String, _ key: String) async throws {
        var request = request(.DELETE, bucket, key)
        request.query = [("uploadId", upload)]
        let call = request
        _ = try await absentAsNil { try await send("AbortMultipartUpload", call, subject(bucket, key)) }
    }

    // MARK: Presigned URLs

    /// A URL under which whoever has it may read or write one object for a while, at most seven days.
    ///
    /// - Parameter endpoint: The service as whoever gets the URL reaches it, which is part of the signature; nil where that
    ///   is as this process does.
    package func presign(
        _ method: HTTPMethod, _ bucket: String, _ key: String, lifetime: Duration, at endpoint: Endpoint? = nil
    ) async throws -> String {
        let (credentials, _) = try await client.context.credentials.current()
        return SigV4Signer(region: client.context.region, service: "s3").presign(
            request(method, bucket, key, at: endpoint), lifetime: lifetime, with: credentials,
            at: client.context.clock.now.date)
    }

    // MARK: Strangers

    /// What S3 answers to somebody without a signature, such as 200 or 403.
    ///
    /// - Parameter key: nil to ask for the bucket's list.
    package func statusForStrangers(_ method: HTTPMethod, _ bucket: String, _ key: String?) async throws -> Int {
        try await answerToStrangers(method, bucket, key).status
    }

    /// The same with the whole answer.
    ///
    /// - Parameter headers: Such as the `Origin` of a page whose browser asks.
    func answerToStrangers(
        _ method: HTTPMethod, _ bucket: String, _ key: String?, headers: HTTPHeaders = [:]
    ) async throws -> WireResponse {
        var request = request(method, bucket, key)
        request.headers = headers
        if key == nil { request.query = [("list-type", "2"), ("max-keys", "1")] }
        do {
            return try await client.context.transport.send(request, limit: 1 << 20, deadline: .seconds(10))
        } catch let error as TransportError {
            throw AWSFailure(error, call: "S3 without a signature", subject: key.map { subject(bucket, $0) } ?? bucket)
        }
    }

    // MARK: Requests

    func request(
        _ method: HTTPMethod, _ bucket: String, _ key: String?, at given: Endpoint? = nil
    ) -> WireRequest {
        var endpoint = given ?? client.endpoint
        var path = key.map { "/\(PercentEncoding.path($0))" } ?? "/"
        endpoint.host = addressing.host(of: bucket, at: endpoint.host)
        if addressing == .path { path = "/\(PercentEncoding.path(bucket))\(key == nil ? "" : path)" }
        return WireRequest(method, endpoint, path: path)
    }

    private func subject(_ bucket: String, _ key: String) -> String { "\(bucket)/\(key.printable)" }

    func send(
        _ operation: String, _ request: WireRequest, _ subject: String, payload: SigV4Signer.Payload = .empty,
        limit: Int = 32 << 20, deadline: Duration = .seconds(30),
        check: @escaping @Sendable (WireResponse) throws -> Void = { _ in }
    ) async throws -> WireResponse {
        try await client.send(
            ServiceClient.Call(
                operation: operation, subject: subject, request: request, payload: payload, limit: limit,
                deadline: deadline, check: check)
        ).response
    }

    private static func add(_ condition: PutCondition, to headers: inout HTTPHeaders) {
        switch condition {
        case .none: break
        case .absent: headers.add(name: "if-none-match", value: "*")
        case .unchanged(let etag): headers.add(name: "if-match", value: etag)
        }
    }

    private func conditionally(_ body: () async throws -> String) async throws -> Written {
        do {
            return .stored(etag: try await body())
        } catch let failure as AWSFailure where failure.isConditionFailure {
            return .conditionFailed
        }
    }

    func absentAsNil<Result>(_ body: () async throws -> Result) async throws -> Result? {
        do {
            return try await body()
        } catch let failure as AWSFailure where failure.status == 404 && failure.code != "NoSuchBucket" {
            return nil
        }
    }

    func document(_ response: WireResponse, _ operation: String, _ subject: String) throws -> XMLElement {
        do {
            return try XMLDocument(response.body).root
        } catch {
            throw AWSFailure(
                call: "S3 \(operation)", subject: subject, status: response.status, code: "UnreadableAnswer",
                message: "\(error)", kind: .transient, mayHaveHappened: true)
        }
    }

    /// A refusal's code and message. Answers to HEAD have no body: their status has to do.
    private static func error(_ response: WireResponse) -> ServiceClient.ErrorBody {
        let document = response.body.isEmpty ? nil : try? XMLDocument(response.body).root
        let isError = document?.name == "Error"
        return ServiceClient.ErrorBody(
            code: isError ? document?["Code"]?.text ?? "" : response.isSuccess ? "" : String(response.status),
            message: isError ? document?["Message"]?.text ?? "" : "")
    }
}

extension AWSFailure {
    /// Whether a conditional write lost: the precondition failed (412), or another write came in between (409).
    fileprivate var isConditionFailure: Bool {
        status == 412 || code == "ConditionalRequestConflict" || (status == 404 && code == "NoSuchKey")
    }
}
