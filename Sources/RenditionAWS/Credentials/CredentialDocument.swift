import Foundation

/// The JSON with which containers, instances and credential processes answer.
///
/// Source: AWS SDKs and Tools Reference Guide, process credential provider and container credential provider.
struct CredentialDocument: Decodable {
    /// The form of what a process writes; 1 is the only one there is.
    let version: Int?
    /// `Success`, or why an instance has none.
    let code: String?
    private let accessKeyID: String?
    private let secretAccessKey: String?
    private let token: String?
    private let sessionToken: String?
    private let expiration: String?

    private enum CodingKeys: String, CodingKey {
        case version = "Version"
        case code = "Code"
        case accessKeyID = "AccessKeyId"
        case secretAccessKey = "SecretAccessKey"
        case token = "Token"
        case sessionToken = "SessionToken"
        case expiration = "Expiration"
    }

    /// - Throws: ``CredentialError`` for anything else; it quotes nothing.
    static func read(_ bytes: [UInt8], from place: String) throws -> CredentialDocument {
        // What the decoder throws may quote what it read.
        guard let document = try? JSONDecoder().decode(CredentialDocument.self, from: Data(bytes)) else {
            throw CredentialError("\(place) gave something that is no JSON of credentials.")
        }
        return document
    }

    func credentials(from place: String) throws -> Credentials {
        try Credentials(
            accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: token ?? sessionToken,
            expiration: expiration, from: place)
    }
}

extension Credentials {
    /// Reads what a service told.
    ///
    /// - Parameters:
    ///   - expiration: ISO 8601; nil for what never expires.
    ///   - place: The service in words that begin an error.
    /// - Throws: ``CredentialError`` where a key is missing or the expiration is no date.
    init(
        accessKeyID: String?, secretAccessKey: String?, sessionToken: String?, expiration: String?, from place: String
    ) throws {
        guard let accessKeyID, let secretAccessKey, !accessKeyID.isEmpty, !secretAccessKey.isEmpty else {
            throw CredentialError("\(place) gave no access key with its secret.")
        }
        var date: Date?
        if let expiration {
            date = ExpirationDate.parse(expiration)
            if date == nil { throw CredentialError("\(place) gave credentials whose expiration is no date.") }
        }
        self.init(
            accessKeyID: accessKeyID, secretAccessKey: secretAccessKey,
            sessionToken: sessionToken.flatMap { $0.isEmpty ? nil : $0 }, expiration: date)
    }
}

/// The dates in credential documents and cached tokens.
enum ExpirationDate {
    /// Reads ISO 8601 with or without a fraction; older tools write `UTC` in place of the `Z`.
    static func parse(_ text: String) -> Date? {
        let plain = text.replacing(/\.\d+/, with: "").replacing(/UTC$/, with: "Z")
        return try? Date(plain, strategy: .iso8601)
    }
}
