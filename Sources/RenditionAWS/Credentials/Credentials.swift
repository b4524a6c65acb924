import Foundation

/// What a request is signed with. Its secrets appear in no description.
package struct Credentials: Sendable, Hashable {
    package var accessKeyID: String
    package var secretAccessKey: String
    package var sessionToken: String?
    /// nil for what never expires.
    package var expiration: Date?

    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Date? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "credentials of \(accessKeyID)" }
    package var debugDescription: String { description }
    /// `dump` and string interpolation of containers go through the mirror.
    package var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID]) }
}

/// A place where credentials come from. May be used concurrently.
package protocol CredentialProvider: Sendable {
    /// Where, in a few words for the operator, such as `the environment` or `profile "work"`.
    var source: String { get }

    /// - Returns: nil where this place holds none, so that the next one is asked.
    /// - Throws: ``CredentialError`` where it should hold some and they can't be had.
    func credentials() async throws -> Credentials?
}

/// Why there are no credentials, and what to do. It holds no secret.
package struct CredentialError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
