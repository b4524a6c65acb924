/// Whose photos are meant.
package enum PhotoScope: Sendable, Hashable, Codable {
    /// These; what has no record is left out.
    case photos([String])
    /// A gallery's.
    case gallery(String)
    /// All of a user's.
    case user(String)
    case everything
}
