/// Claims made beside each other.
package enum ConcurrentClaims {
    /// Claims something for each of several items at once; what somebody else has taken first is left out.
    ///
    /// - Throws: What a claim throws, where none succeeded: what was claimed is mine to work on, whatever became of the
    ///   others.
    package static func leases<Item: Sendable>(
        _ items: [Item], _ claim: @escaping @Sendable (Item) async throws -> Lease?
    ) async throws -> [Lease] {
        try await withThrowingTaskGroup(of: Lease?.self) { group in
            for item in items { group.addTask { try await claim(item) } }
            var leases: [Lease] = []
            var failure: (any Error)?
            while let result = await group.nextResult() {
                do {
                    if let mine = try result.get() { leases.append(mine) }
                } catch {
                    failure = error
                }
            }
            if leases.isEmpty, let failure { throw failure }
            return leases
        }
    }
}
