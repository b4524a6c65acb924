import NIOHTTP1
import RenditionAWS
import RenditionCore

/// One look at a server's `/health` or `/ready`.
struct HealthQuestion: Sendable {
    struct Answer: Sendable, Hashable {
        var isWell: Bool
        /// A line that says who answered what.
        var text: String
    }

    private let endpoint: Endpoint
    private let path: String

    /// Whoever asks waits three seconds at least, as a rule.
    private static let patience = Duration.milliseconds(2500)

    init(_ endpoint: Endpoint, path: String) {
        self.endpoint = endpoint
        self.path = path
    }

    /// Never fails: no answer is an answer too.
    func ask(_ transport: any Transport) async -> Answer {
        let request = WireRequest(.GET, endpoint, path: path)
        do {
            let response = try await transport.send(request, limit: 1 << 16, deadline: Self.patience)
            // Of what it says, the first line is for people.
            let words = String(decoding: response.body, as: UTF8.self).split(whereSeparator: \.isNewline).first
            let text = "\(request.url) answered \(response.status)\(words.map { ": \($0)" } ?? "")"
            return Answer(isWell: response.status == 200, text: text.printable)
        } catch {
            return Answer(isWell: false, text: "\(request.url) doesn't answer: \(Self.reason(error))".printable)
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error as? TransportError {
        case .unreachable(let reason), .timedOut(let reason), .broken(let reason), .unreadable(let reason): reason
        case .tooLong, nil: "\(error)"
        }
    }
}
