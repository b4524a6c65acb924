import Crypto
import Foundation
import NIOHTTP1
import RenditionAWS
import RenditionCore
import RenditionTestKit

/// Two buckets of one's own on the shared SeaweedFS, behind a proxy.
struct SeaweedObjects: Sendable {
    let server: SeaweedServer
    let names: BucketNames
    let proxy: FaultProxy
    let s3: S3
    var objects: S3Objects { S3Objects(s3: s3, names: names) }
    private let transport: HTTPTransport

    static func make(secret: String? = nil, recording: Bool = false) async throws -> SeaweedObjects {
        let server = try await SeaweedServer.shared()
        let suffix = UUID().uuidString.prefix(8).lowercased()
        let names = BucketNames(photos: "photos-\(suffix)", renditions: "renditions-\(suffix)")
        let curl = Curl(server.endpoint, server.accessKeyID, server.secretAccessKey)
        for bucket in Bucket.allCases {
            let answer = try await curl.s3("PUT", "/\(names[bucket])")
            guard answer.status == 200 else { throw ServerFault("SeaweedFS makes no bucket: \(answer)") }
        }
        let proxy = try await FaultProxy.start(upstream: server.endpoint, recording: recording)
        let transport = HTTPTransport()
        let key = Credentials(
            accessKeyID: server.accessKeyID, secretAccessKey: secret ?? server.secretAccessKey)
        let context = AWSContext(
            transport: transport, credentials: CredentialCache(CredentialChain([FixedCredentials(key)])),
            region: "us-east-1")
        let endpoint = Endpoint(proxy.endpoint) ?? Endpoint(host: "127.0.0.1")
        return SeaweedObjects(
            server: server, names: names, proxy: proxy,
            s3: S3(endpoint: endpoint, addressing: .path, context: context), transport: transport)
    }

    /// SHA-256 of an original as a program of other makers reads it.
    func digest(of key: String) async throws -> Data {
        let folder = TestFolder()
        let url = try await s3.presign(.GET, names.photos, key, lifetime: .seconds(60))
        _ = try await Command.run("curl", ["--silent", "--fail", "--output", folder.path("got"), url])
        return Data(SHA256.hash(data: try Data(contentsOf: URL(fileURLWithPath: folder.path("got")))))
    }

    func close() async {
        await proxy.stop()
        await transport.close()
    }
}
