import RenditionCore
import Testing

/// What every store must do, whatever it is made of. One suite runs against all of them.
///
/// A case gets a store that is empty and whose leases are measured by a clock that the case moves.
package struct PhotoStoreContract: Sendable {
    /// One promise of the contract.
    package struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let check: @Sendable (any PhotoStore, ManualClock) async throws -> Void

        init(_ name: String, _ check: @escaping @Sendable (any PhotoStore, ManualClock) async throws -> Void) {
            self.name = name
            self.check = check
        }

        package var testDescription: String { name }

        /// Runs the case against a fresh store.
        package func run(_ store: any PhotoStore, _ clock: ManualClock) async throws {
            try await check(store, clock)
        }
    }

    /// The whole contract.
    package static let cases = queueCases + leaseCases + recordCases + objectCases

    static let lease = Duration.seconds(30)

    static func photo(_ id: String, gallery: String = "g") -> PhotoRef { PhotoRef(id: id, galleryID: gallery) }

    static let error = RenditionError(
        code: "test", stage: .render, retriable: true, message: "For the test.", detail: "a detail")

    /// Claims exactly one photo.
    static func claimOne(_ store: any PhotoStore, owner: String = "w") async throws -> Lease {
        try #require(try await store.queue.claim(upTo: 1, owner: owner, lease: lease).first)
    }
}
