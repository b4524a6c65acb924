import Foundation
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Synchronization
import Testing

@Suite("A clock that is off, and credentials that have expired", .timeLimit(.minutes(1)))
struct SkewTests {
    private static func clock(off minutes: Int) -> ServerClock {
        ServerClock(wall: SystemClock().now + .seconds(minutes * 60))
    }

    @Test(arguments: [-20, 20])
    func theServersTimeIsTakenForDynamoDB(_ minutes: Int) async throws {
        let services = try await ProxiedServices.make(clock: Self.clock(off: minutes))
        try await services.readItem()
        #expect(services.proxy.counts() == ["DynamoDB.GetItem": 2])
        try await services.readItem()
        #expect(services.proxy.counts() == ["DynamoDB.GetItem": 3])
        #expect(abs(services.context.clock.offset.seconds + Double(minutes * 60)) < 2)
        await services.close()
    }

    @Test(arguments: [-20, 20])
    func theServersTimeIsTakenForS3(_ minutes: Int) async throws {
        let services = try await ProxiedServices.make(clock: Self.clock(off: minutes))
        let upload = ObjectUpload(key: "k", body: .bytes([1]), contentType: "image/jpeg")
        #expect(try await services.objects.put(upload, in: .photos, if: .none) != .conditionFailed)
        #expect(services.proxy.counts() == ["S3.PUT": 2])
        await services.close()
    }

    @Test func anAnswerWithoutABodyIsEnough() async throws {
        let services = try await ProxiedServices.make(clock: Self.clock(off: 20))
        #expect(try await services.objects.head(.photos, key: "none") == nil)
        #expect(services.proxy.counts() == ["S3.HEAD": 2])
        await services.close()
    }

    @Test func alsoWhereNothingIsTriedAgain() async throws {
        let services = try await ProxiedServices.make(clock: Self.clock(off: 20), maxAttempts: 1)
        try await services.readItem()
        #expect(services.proxy.counts() == ["DynamoDB.GetItem": 2])
        await services.close()
    }

    @Test(arguments: [
        Trouble("DynamoDB's word", .dynamo(400, "ExpiredTokenException")),
        Trouble("S3's word", .s3(400, "ExpiredToken")), Trouble("no word", .answer(status: 400)),
    ])
    func expiredCredentialsAreReplacedOnce(_ trouble: Trouble) async throws {
        let provider = Successors([
            Credentials(accessKeyID: "AKIAOLD", secretAccessKey: "old"), try await Emulator.shared().key,
        ])
        let services = try await ProxiedServices.make(credentials: provider)
        services.fail(first: 1, with: trouble.action)
        switch trouble.testDescription {
        case "DynamoDB's word": try await services.readItem()
        case "S3's word": _ = try await services.s3.get(services.platform.buckets.photos, "k", limit: 1)
        default: _ = try await services.s3.head(services.platform.buckets.photos, "k")
        }
        #expect(provider.asked == 2)
        #expect(services.proxy.requests.count == 2)
        await services.close()
    }

    @Test func credentialsThatStayExpiredAreReported() async throws {
        let provider = Successors([try await Emulator.shared().key])
        let services = try await ProxiedServices.make(credentials: provider)
        services.fail(with: .s3(400, "ExpiredToken"))
        let error = await #expect(throws: RenditionError.self) {
            try await services.objects.get(.photos, key: "k", limit: 1)
        }
        #expect(error?.code == "expired_credentials")
        #expect(provider.asked == 2)
        #expect(services.proxy.counts() == ["S3.GET": 2])
        await services.close()
    }
}

/// Hands out credentials in turn, the last for ever, and counts how often it was asked.
private final class Successors: CredentialProvider {
    private let keys: [Credentials]
    private let count = Mutex(0)

    init(_ keys: [Credentials]) { self.keys = keys }

    var source: String { "the test" }
    var asked: Int { count.withLock { $0 } }

    func credentials() async throws -> Credentials? {
        let index = count.withLock { count in
            count += 1
            return count - 1
        }
        return keys[min(index, keys.count - 1)]
    }
}
