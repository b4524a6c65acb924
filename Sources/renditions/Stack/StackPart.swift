import Foundation

/// A program of the stack, and how one knows that it has begun.
struct StackPart: Sendable {
    enum Readiness: Sendable {
        /// It answers 200 there, and its answer holds a text.
        case answers(url: String, holding: String)
        /// It ends by itself, with status 0.
        case ends
    }

    /// As it stands before each of its lines.
    var name: String
    var program: String
    var arguments: [String]
    /// All that it gets to see.
    var environment: [String: String]
    var readiness: Readiness
    /// Where it runs.
    var directory: String
    /// How long it may take to end after it was asked to.
    var grace = Duration.seconds(20)

    /// What is waited for, to end a sentence with.
    var awaited: String {
        switch readiness {
        case .answers(let url, _): "an answer from \(url)"
        case .ends: "its end"
        }
    }
}
