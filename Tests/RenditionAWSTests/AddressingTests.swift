import Foundation
import NIOHTTP1
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

@Suite("Where requests go")
struct AddressingTests {
    private let stub = StubTransport { _ in WireResponse(status: 404, headers: [:], body: []) }

    private func request(_ endpoint: Endpoint, _ addressing: S3.Addressing, _ bucket: String, _ key: String)
        async throws -> WireRequest
    {
        let context = AWSContext(
            transport: stub,
            credentials: CredentialCache(
                CredentialChain([FixedCredentials(Credentials(accessKeyID: "A", secretAccessKey: "s"))])),
            region: "eu-west-1")
        _ = try await S3(endpoint: endpoint, addressing: addressing, context: context).head(bucket, key)
        return try #require(stub.requests.last)
    }

    private static let aws = Endpoint(host: "s3.eu-west-1.amazonaws.com")

    @Test func theBucketStandsInTheHost() async throws {
        let request = try await request(Self.aws, .virtual, "photos", "g/é 1.jpg")
        #expect(request.url == "https://photos.s3.eu-west-1.amazonaws.com/g/%C3%A9%201.jpg")
        #expect(request.headers["host"] == ["photos.s3.eu-west-1.amazonaws.com"])
        let authorization = try #require(request.headers.first(name: "authorization"))
        #expect(authorization.contains(/Credential=A\/\d{8}\/eu-west-1\/s3\/aws4_request, SignedHeaders=host;/))
    }

    @Test func orInThePath() async throws {
        let endpoint = try #require(Endpoint("http://localhost:4566"))
        let request = try await request(endpoint, .path, "my.photos", "g/a+b.jpg")
        #expect(request.url == "http://localhost:4566/my.photos/g/a%2Bb.jpg")
        #expect(request.headers["host"] == ["localhost:4566"])
    }

    /// The host's name is one that curl resolves by itself, and that the signature holds.
    @Test func aHostWithABucketIsUnderstoodByTheServer() async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        try await platform.put(Array("photo".utf8), as: "g/a b.jpg")
        let port = platform.emulator.endpoint.split(separator: ":").last.flatMap { Int($0) }
        let context = AWSContext(
            transport: stub, credentials: CredentialCache(CredentialChain([FixedCredentials(platform.emulator.key)])),
            region: "us-east-1")
        let s3 = S3(
            endpoint: Endpoint(scheme: .http, host: "localhost", port: port), addressing: .virtual, context: context)
        let url = try await s3.presign(.GET, platform.buckets.photos, "g/a b.jpg", lifetime: .seconds(60))
        #expect(url.hasPrefix("http://\(platform.buckets.photos).localhost:"))
        #expect(try await Command.run("curl", ["--silent", url]).output == "photo")
        await platform.close()
    }

    /// Keys are no paths: nothing in them is resolved on the way.
    @Test(arguments: ["g/../h", "g/./h", "g//h", "/g", "g/", "..", "g/%2e%2e/h", "g/ "])
    func keysReachTheServerAsTheyAre(_ key: String) async throws {
        let services = try await ProxiedServices.make()
        services.proxy.onRequest { _ in .answer(status: 404) }
        _ = try await services.s3.head("b", key)
        #expect(
            services.proxy.requests.map(\.path) == ["/b/" + key.replacing("%", with: "%25").replacing(" ", with: "%20")]
        )
        await services.close()
    }

    // MARK: Settings

    private static let tables = TableNames(photos: "p", galleries: "g", users: "u", jobs: "j")

    private func configuration(
        _ region: String = "eu-west-1", endpoint: String? = nil, buckets: BucketNames = BucketNames(),
        environment: [String: String] = [:]
    ) -> AWSConfiguration {
        AWSConfiguration(
            endpoint: endpoint.flatMap(Endpoint.init), region: region, tables: Self.tables, buckets: buckets,
            owner: "o", environment: environment)
    }

    private static let services = [
        ("s3", "S3"), ("dynamodb", "DYNAMODB"), ("streams.dynamodb", "DYNAMODB_STREAMS"), ("sts", "STS"),
    ]

    @Test(arguments: services)
    func ofAWSByDefault(_ host: String, _ setting: String) {
        #expect(configuration().endpoint(of: host, setting: setting).text == "https://\(host).eu-west-1.amazonaws.com")
        let china = configuration("cn-north-1").endpoint(of: host, setting: setting)
        #expect(china.text == "https://\(host).cn-north-1.amazonaws.com.cn")
    }

    @Test(arguments: services)
    func ofTheServicesOwnVariableBeforeTheCommonOne(_ host: String, _ setting: String) {
        let own = ["AWS_ENDPOINT_URL_\(setting)": "http://own:1"]
        #expect(
            configuration(endpoint: "http://all:2", environment: own).endpoint(of: host, setting: setting).text
                == "http://own:1")
        #expect(configuration(endpoint: "http://all:2").endpoint(of: host, setting: setting).text == "http://all:2")
        let others = Self.services.filter { $0.1 != setting }
        for other in others {
            #expect(
                configuration(endpoint: "http://all:2", environment: own).endpoint(of: other.0, setting: other.1).text
                    == "http://all:2")
        }
    }

    @Test func bucketsStandWhereTheyCan() {
        #expect(configuration().s3Addressing == .virtual)
        #expect(configuration(endpoint: "http://all:2").s3Addressing == .path)
        #expect(configuration(environment: ["AWS_ENDPOINT_URL_S3": "http://own:1"]).s3Addressing == .path)
        #expect(configuration(environment: ["AWS_ENDPOINT_URL_S3": ""]).s3Addressing == .virtual)
        let dotted = BucketNames(photos: "photos", renditions: "cdn.example.com")
        #expect(configuration(buckets: dotted).s3Addressing == .path)
        var told = configuration(endpoint: "http://all:2")
        told.addressing = .virtual
        #expect(told.s3Addressing == .virtual)
    }
}
