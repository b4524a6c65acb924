import Foundation

/// What credential providers see of the world. A value; tests give them another world.
package struct CredentialSurroundings: Sendable {
    /// Signs a request with credentials for a region and a service, such as `sts`.
    package typealias Signer =
        @Sendable (
            _ request: WireRequest, _ credentials: Credentials, _ region: String, _ service: String
        ) throws -> WireRequest

    package var environment: [String: String]
    /// The home folder, below which `.aws` stands.
    package var home: String
    package var transport: any Transport
    /// The region that was chosen; nil leaves it to the profile.
    package var region: String?
    /// The time that expirations are measured against.
    package var now: @Sendable () -> Date
    package var sign: Signer

    package init(
        environment: [String: String], home: String, transport: any Transport, region: String? = nil,
        now: @escaping @Sendable () -> Date = { Date() }, sign: @escaping Signer
    ) {
        self.environment = environment
        self.home = home
        self.transport = transport
        self.region = region
        self.now = now
        self.sign = sign
    }

    /// A variable without the white space around it; an empty one is none.
    func variable(_ name: String) -> String? {
        guard let value = environment[name]?.trimmingCharacters(in: .whitespacesAndNewlines), !value.isEmpty else {
            return nil
        }
        return value
    }
}

extension CredentialSurroundings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The environment holds secrets, so that none of it appears.
    package var description: String { "the surroundings of \(home)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["home": home]) }
}
