extension CredentialSurroundings {
    /// Sends a request, and once more where the first try met no answer, a fault of the server or its throttle.
    ///
    /// - Parameter deadline: For each of the two.
    /// - Returns: a response of any status.
    /// - Throws: ``TransportError`` of the second try; `CancellationError`.
    func send(_ request: WireRequest, deadline: Duration) async throws -> WireResponse {
        do {
            let response = try await transport.send(request, limit: 1 << 20, deadline: deadline)
            if response.status < 500 && response.status != 429 { return response }
        } catch is TransportError {}
        try await Task.sleep(for: .milliseconds(200))
        return try await transport.send(request, limit: 1 << 20, deadline: deadline)
    }

    /// Asks a service that should be there.
    ///
    /// - Parameters:
    ///   - place: The service in words that begin an error, such as `AWS STS`.
    ///   - secrets: What the request holds and no error may.
    /// - Returns: a response of any status.
    /// - Throws: ``CredentialError`` where none came; `CancellationError`.
    func ask(
        _ place: String, _ request: WireRequest, deadline: Duration = .seconds(10), hiding secrets: [String] = []
    ) async throws -> WireResponse {
        do {
            return try await send(request, deadline: deadline)
        } catch let error as TransportError {
            let cause = SecretFilter(secrets).line(error.words)
            throw CredentialError("\(place) could not be asked: \(cause). Check that this machine can reach it.")
        }
    }

    /// The text of a secret that a header carries.
    ///
    /// - Throws: ``CredentialError`` for characters that no header has, which the transport would quote in its error.
    static func header(_ secret: String, of place: String) throws -> String {
        guard !secret.isEmpty, secret.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw CredentialError("\(place) is empty or holds characters that can't be sent. Write it anew.")
        }
        return secret
    }
}

/// Takes secrets out of text that others wrote.
struct SecretFilter {
    private let secrets: [String]

    init(_ secrets: [String]) { self.secrets = secrets.filter { !$0.isEmpty } }

    /// The text's first line without a full stop, at most 300 characters of it, with every secret replaced.
    ///
    /// Further lines are left out since a service that refuses a signature quotes the signed headers there, of which
    /// one is the session token.
    func line(_ text: String) -> String {
        let first = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        let clean = secrets.reduce(first) { $0.replacing($1, with: "(secret)") }.prefix(300)
        return String(clean.hasSuffix(".") ? clean.dropLast() : clean)
    }
}

extension TransportError {
    /// The error in words, for the middle of a sentence.
    fileprivate var words: String {
        switch self {
        case .unreachable(let cause), .timedOut(let cause), .broken(let cause), .unreadable(let cause): cause
        case .tooLong(let bytes): "it sent \(bytes) bytes, which are no credentials"
        }
    }
}
