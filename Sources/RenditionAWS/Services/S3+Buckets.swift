import Crypto
import Foundation
import NIOHTTP1
import RenditionCore

/// S3's operations on buckets themselves, for whoever sets them up or looks whether they are.
extension S3 {
    /// What is known of a bucket's name.
    package enum BucketState: Sendable, Hashable {
        case absent
        /// - region: nil where the service doesn't say.
        case there(region: String?)
        /// It is in another region than requests go to.
        case elsewhere
        /// It is somebody else's, or the credentials may not list it.
        case forbidden
    }

    package func state(of bucket: String) async throws -> BucketState {
        do {
            let answer = try await absentAsNil {
                try await send("HeadBucket", request(.HEAD, bucket, nil), bucket, deadline: .seconds(10))
            }
            return answer.map { .there(region: $0["x-amz-bucket-region"]) } ?? .absent
        } catch let failure as AWSFailure where failure.status == 301 || failure.status == 400 {
            // To HEAD there is no body that could say more.
            return .elsewhere
        } catch let failure as AWSFailure where failure.status == 403 && !failure.mayBeSkew {
            return .forbidden
        }
    }

    /// The region that a bucket is in, asked for where the name is known.
    package func location(of bucket: String) async throws -> String {
        var request = request(.GET, bucket, nil)
        request.query = [("location", "")]
        let document = try document(try await send("GetBucketLocation", request, bucket), "GetBucketLocation", bucket)
        switch document.text {
        // The first region has no name of its own here, and Ireland an old one.
        case "": return "us-east-1"
        case "EU": return "eu-west-1"
        default: return document.text
        }
    }

    /// Makes a bucket in the region that requests are signed for.
    ///
    /// - Returns: false where it is this account's already.
    package func create(_ bucket: String) async throws -> Bool {
        var request = request(.PUT, bucket, nil)
        let region = client.context.region
        // us-east-1 must not be named, and every other region must.
        let body =
            region == "us-east-1"
            ? []
            : Array(
                ("<CreateBucketConfiguration xmlns=\"\(Self.namespace)\"><LocationConstraint>\(region)"
                    + "</LocationConstraint></CreateBucketConfiguration>").utf8)
        request.body = .bytes(body)
        do {
            _ = try await send("CreateBucket", request, bucket, payload: .hash(Checksum.sha256(body)))
            return true
        } catch let failure as AWSFailure where failure.code == "BucketAlreadyOwnedByYou" {
            return false
        }
    }

    private static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

    // MARK: Rules for browsers

    /// A rule that tells browsers what pages of other origins may ask of a bucket (CORS).
    package struct CORSRule: Sendable, Hashable {
        package var id: String?
        package var origins: [String]
        package var methods: [String]
        package var headers: [String]
        package var exposed: [String]
        /// Seconds.
        package var maxAge: String?

        package init(
            id: String? = nil, origins: [String], methods: [String], headers: [String] = ["*"],
            exposed: [String] = ["ETag"], maxAge: String? = "3600"
        ) {
            self.id = id
            self.origins = origins
            self.methods = methods
            self.headers = headers
            self.exposed = exposed
            self.maxAge = maxAge
        }
    }

    /// A bucket's rules in the order in which they are tried; none where none were made.
    package func corsRules(of bucket: String) async throws -> [CORSRule] {
        guard let response = try await configuration("GetBucketCors", "cors", of: bucket) else { return [] }
        return try document(response, "GetBucketCors", bucket).children.filter { $0.name == "CORSRule" }.map { rule in
            func all(_ name: String) -> [String] { rule.children.filter { $0.name == name }.map(\.text) }
            return CORSRule(
                id: rule["ID"]?.text, origins: all("AllowedOrigin"), methods: all("AllowedMethod"),
                headers: all("AllowedHeader"), exposed: all("ExposeHeader"), maxAge: rule["MaxAgeSeconds"]?.text)
        }
    }

    /// Sets a bucket's rules, all of them.
    package func setCORSRules(_ rules: [CORSRule], of bucket: String) async throws {
        let texts = rules.map { rule in
            func all(_ name: String, _ values: [String]) -> String {
                values.map { "<\(name)>\(Self.escaped($0))</\(name)>" }.joined()
            }
            return "<CORSRule>" + all("ID", rule.id.map { [$0] } ?? []) + all("AllowedHeader", rule.headers)
                + all("AllowedMethod", rule.methods) + all("AllowedOrigin", rule.origins)
                + all("ExposeHeader", rule.exposed) + all("MaxAgeSeconds", rule.maxAge.map { [$0] } ?? [])
                + "</CORSRule>"
        }
        let body = "<CORSConfiguration xmlns=\"\(Self.namespace)\">\(texts.joined())</CORSConfiguration>"
        try await configure("PutBucketCors", "cors", of: bucket, Array(body.utf8))
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    // MARK: Who may read

    /// A bucket's policy, as JSON; nil where there is none.
    package func policy(of bucket: String) async throws -> [UInt8]? {
        try await configuration("GetBucketPolicy", "policy", of: bucket)?.body
    }

    package func setPolicy(_ policy: [UInt8], of bucket: String) async throws {
        try await configure("PutBucketPolicy", "policy", of: bucket, policy, type: "application/json")
    }

    /// What of a bucket is kept from the public whatever its policy and its lists of rights say.
    package struct PublicAccessBlock: Sendable, Hashable {
        package var blocksACLs: Bool
        package var ignoresACLs: Bool
        package var blocksPolicies: Bool
        package var restrictsBuckets: Bool

        package static let all = PublicAccessBlock(
            blocksACLs: true, ignoresACLs: true, blocksPolicies: true, restrictsBuckets: true)
    }

    /// - Returns: nil where nothing is kept back.
    package func publicAccessBlock(of bucket: String) async throws -> PublicAccessBlock? {
        guard let response = try await configuration("GetPublicAccessBlock", "publicAccessBlock", of: bucket) else {
            return nil
        }
        let document = try document(response, "GetPublicAccessBlock", bucket)
        func isOn(_ name: String) -> Bool { document[name]?.text.lowercased() == "true" }
        return PublicAccessBlock(
            blocksACLs: isOn("BlockPublicAcls"), ignoresACLs: isOn("IgnorePublicAcls"),
            blocksPolicies: isOn("BlockPublicPolicy"), restrictsBuckets: isOn("RestrictPublicBuckets"))
    }

    package func setPublicAccessBlock(_ block: PublicAccessBlock, of bucket: String) async throws {
        let parts = [
            ("BlockPublicAcls", block.blocksACLs), ("IgnorePublicAcls", block.ignoresACLs),
            ("BlockPublicPolicy", block.blocksPolicies), ("RestrictPublicBuckets", block.restrictsBuckets),
        ]
        let body =
            "<PublicAccessBlockConfiguration xmlns=\"\(Self.namespace)\">"
            + parts.map { "<\($0)>\($1)</\($0)>" }.joined() + "</PublicAccessBlockConfiguration>"
        try await configure("PutPublicAccessBlock", "publicAccessBlock", of: bucket, Array(body.utf8))
    }

    // MARK: Harmless trials

    /// Tries to remove an object whose ETag is none that an object can have, so that nothing is removed, and no marker is
    /// left in a bucket that keeps versions.
    func tryDelete(_ bucket: String, _ key: String) async throws {
        var request = request(.DELETE, bucket, key)
        request.headers.add(name: "if-match", value: "\"none\"")
        let call = request
        do {
            _ = try await absentAsNil { try await send("DeleteObject", call, "\(bucket)/\(key)") }
        } catch let failure as AWSFailure where failure.status == 412 {}
    }

    // MARK: Requests

    /// - Returns: nil where nothing was configured.
    private func configuration(_ operation: String, _ part: String, of bucket: String) async throws -> WireResponse? {
        var request = request(.GET, bucket, nil)
        request.query = [(part, "")]
        let call = request
        return try await absentAsNil { try await send(operation, call, bucket, limit: 1 << 20) }
    }

    private func configure(
        _ operation: String, _ part: String, of bucket: String, _ body: [UInt8], type: String = "application/xml"
    ) async throws {
        let hash = SHA256.hash(data: body)
        var request = request(.PUT, bucket, nil)
        request.query = [(part, "")]
        request.headers.add(name: "content-type", value: type)
        // S3 takes no configuration without a checksum.
        request.headers.add(name: "x-amz-checksum-sha256", value: Data(hash).base64EncodedString())
        request.body = .bytes(body)
        _ = try await send(operation, request, bucket, payload: .hash(Checksum.hex(hash)))
    }
}
