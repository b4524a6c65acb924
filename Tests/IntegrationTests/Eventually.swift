import Testing

/// Waits until something is so. The limit is for what never comes about, and no measure of speed.
func eventually(
    _ what: String, within limit: Duration = .seconds(60), _ isSo: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !isSo() {
        guard ContinuousClock.now < deadline else { throw NeverSo(what: what) }
        try await Task.sleep(for: .milliseconds(25))
    }
}

struct NeverSo: Error, CustomStringConvertible {
    let what: String
    var description: String { "never came about: \(what)" }
}
