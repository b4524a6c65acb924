import Foundation
import Logging
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Synchronization
import Testing

/// What `renditions setup` waits for.
@Suite("Setting up", .timeLimit(.minutes(2)))
struct SetupTests {
    /// A table of photos whose new index isn't full yet, as DynamoDB describes it.
    private static func filling(_ table: String) -> String {
        """
        {"Table":{"TableName":"\(table)","TableStatus":"ACTIVE","AttributeDefinitions":[],
        "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
        "GlobalSecondaryIndexes":[{"IndexName":"StatusIndex","IndexStatus":"ACTIVE","Backfilling":true,
        "KeySchema":[{"AttributeName":"status","KeyType":"HASH"},{"AttributeName":"created_at","KeyType":"RANGE"}],
        "Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["gallery_id"]}}]}}
        """
    }

    @Test func endsWhenTheIndexIsFull() async throws {
        let services = try await ProxiedServices.make()
        let photos = services.platform.tables.photos
        let isAdded = Mutex(false)
        let waits = Remaining(3)
        // The emulator fills an index at once, which AWS doesn't: for a while the proxy answers as AWS would.
        services.proxy.onRequest { seen in
            if seen.target == "UpdateTable" { isAdded.withLock { $0 = true } }
            guard seen.target == "DescribeTable", seen.body.contains(photos), isAdded.withLock({ $0 }), waits.take()
            else { return .pass }
            return .answer(
                status: 200, headers: ["content-type": "application/x-amz-json-1.0"], body: Self.filling(photos))
        }
        let told = Mutex<[String]>([])
        let store = try await AWSStore.open(
            services.platform.configuration(endpoint: services.proxy.endpoint),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, checksTables: false)
        try await store.setup { line in told.withLock { $0.append(line) } }
        #expect(!waits.take(), "it looked as often as the index was not full, and once more")
        #expect(told.withLock { $0.last } == "the index StatusIndex is ready")
        await store.close()
        await services.close()
    }
}
