import RenditionAWS
import RenditionTestKit
import Testing

@Suite("The store on S3 and DynamoDB keeps the store contract", .timeLimit(.minutes(10)))
struct AWSStoreContractTests {
    @Test(arguments: PhotoStoreContract.cases)
    func keeps(_ promise: PhotoStoreContract.Case) async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        let clock = ManualClock()
        let store = try await platform.open(clock: clock)
        try await promise.run(store, clock)
        await store.close()
        await platform.close()
    }
}
