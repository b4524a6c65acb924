import Foundation
import RenditionLocal
import RenditionTestKit
import Testing

@Suite("The embedded store keeps the store contract")
struct LocalStoreContractTests {
    @Test(arguments: PhotoStoreContract.cases)
    func keeps(_ promise: PhotoStoreContract.Case) async throws {
        let folder = TestFolder()
        let clock = ManualClock()
        try await promise.run(try LocalStore(directory: folder.path("store"), creates: true, clock: clock), clock)
    }
}
