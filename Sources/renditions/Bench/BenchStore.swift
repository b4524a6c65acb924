import Foundation
import RenditionCore

/// The store that a benchmark's worker works on.
enum BenchStore {
    /// Opens the named store, or makes one that is removed in the end.
    ///
    /// - Parameters:
    ///   - choice: nil for an embedded store of the benchmark's own.
    ///   - body: Also told which store it is, in a way that is the same in every run.
    static func with(
        _ choice: StoreChoice?, _ settings: Settings, _ body: (any PhotoStore, String) async throws -> Void
    ) async throws {
        switch choice {
        case .aws:
            // Nobody waits for word of a benchmark's photos.
            try await Parts.withAWSStore(settings, mails: false) {
                try await body($0, "S3 and DynamoDB at \(settings.awsEndpoint ?? "AWS")")
            }
        case .local(let directory):
            try await Parts.withStore(.local(directory), settings, creates: true) {
                try await body($0, "embedded store")
            }
        case nil:
            let directory = NSTemporaryDirectory() + "/renditions-bench-\(UUID().uuidString.prefix(8).lowercased())"
            defer { try? FileManager.default.removeItem(atPath: directory) }
            try await Parts.withStore(.local(directory), settings, creates: true) {
                try await body($0, "embedded store")
            }
        }
    }
}
