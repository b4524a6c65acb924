/// A command that writes credentials to its standard output.
///
/// Source: AWS SDKs and Tools Reference Guide, process credential provider.
package struct CredentialProcess: Sendable {
    private let profile: String
    private let command: String
    private let environment: [String: String]
    private let limit: Duration

    /// - Parameters:
    ///   - profile: For errors. The command itself may hold a secret and appears in none.
    ///   - command: For `/bin/sh -c`.
    ///   - limit: How long it may take.
    package init(profile: String, command: String, environment: [String: String], limit: Duration = .seconds(60)) {
        self.profile = profile
        self.command = command
        self.environment = environment
        self.limit = limit
    }

    /// - Throws: ``CredentialError`` where the command fails, takes too long or writes something else;
    ///   `CancellationError`.
    package func credentials() async throws -> Credentials {
        let place = "The credential_process of the profile \"\(profile)\""
        let output: [UInt8]
        do {
            output = try await CommandOutput(
                command: command, environment: environment, limit: limit, length: 1 << 16
            ).read()
        } catch let failure as CommandOutput.Failure {
            throw CredentialError("\(place) \(words(failure))")
        }
        let document = try CredentialDocument.read(output, from: place)
        guard document.version == 1 else {
            throw CredentialError("\(place) gave credentials of a Version other than 1. Update that command.")
        }
        return try document.credentials(from: place)
    }

    private func words(_ failure: CommandOutput.Failure) -> String {
        switch failure {
        case .notStarted: "could not be started. Check that there is a /bin/sh."
        case .tookTooLong: "took longer than \(limit). Run it by hand to see what it waits for."
        case .wroteTooMuch: "wrote more than credentials. Run it by hand to see what."
        case .ended(let status): "ended with status \(status). Run it by hand to see why."
        }
    }
}

extension CredentialProcess: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "the credential_process of the profile \"\(profile)\"" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["profile": profile]) }
}
