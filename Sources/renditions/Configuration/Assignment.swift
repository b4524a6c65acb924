/// A name and its value, as a file gives them.
struct Assignment: Sendable, Equatable {
    let name: String
    let value: String
    /// The line it begins on, from 1.
    let line: Int
}
