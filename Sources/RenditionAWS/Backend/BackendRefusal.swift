/// Why the development backend does not do what a page asked for.
package struct BackendRefusal: Error, Sendable, Hashable {
    /// What is at fault, for the answer's status.
    package enum Kind: Sendable, Hashable {
        /// What was sent can't be used.
        case unusable
        /// It is of a kind or a size that no photo is.
        case unsupported
        /// It can't be done as things stand.
        case conflict
    }

    /// What is at fault.
    package var kind: Kind
    /// A sentence for the photographer, with the remedy.
    package var message: String

    /// - Parameter message: A sentence for the photographer, with the remedy.
    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}
