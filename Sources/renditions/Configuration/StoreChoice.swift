/// The store that was chosen.
enum StoreChoice: Sendable, Equatable {
    case local(String)
    case aws

    /// - Returns: nil for a name that is no store's.
    init?(_ name: String) {
        if name == "aws" {
            self = .aws
        } else if name.hasPrefix("local:"), name.count > 6 {
            self = .local(String(name.dropFirst(6)))
        } else {
            return nil
        }
    }
}
