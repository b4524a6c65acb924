import Foundation
import NIOHTTP1
import RenditionCore

/// Whether the services can be reached, how long an answer takes, and what time it is there. Nothing is signed for that, so
/// that a wrong key doesn't stand in its way.
struct ConnectionLook: Sendable {
    let services: AWSServices
    let configuration: AWSConfiguration
    private let clock = ServerClock()

    init(_ services: AWSServices, _ configuration: AWSConfiguration) {
        self.services = services
        self.configuration = configuration
    }

    static let (dynamo, s3) = ("DynamoDB", "S3")

    /// The addresses of the services, each with what is behind it.
    private var places: [(endpoint: Endpoint, names: [String])] {
        var places: [(endpoint: Endpoint, names: [String])] = []
        for (name, endpoint) in [
            (Self.dynamo, configuration.endpoint(of: "dynamodb", setting: "DYNAMODB")),
            (Self.s3, configuration.endpoint(of: "s3", setting: "S3")),
        ] {
            if let known = places.firstIndex(where: { $0.endpoint == endpoint }) {
                places[known].names.append(name)
            } else {
                places.append((endpoint, [name]))
            }
        }
        return places
    }

    /// Which of the two services can be reached; each address is one finding.
    func reach() async -> [(names: [String], finding: Finding)] {
        var reached: [(names: [String], finding: Finding)] = []
        for place in places {
            reached.append((place.names, await reach(place.endpoint, place.names.joined(separator: " and "))))
        }
        return reached
    }

    private func reach(_ endpoint: Endpoint, _ names: String) async -> Finding {
        let subject = "\(names) at \(endpoint.text)"
        let remedy =
            configuration.endpoint == nil
            ? "Is there a way from here to AWS, is AWS_REGION right, and is a proxy or a firewall between?"
            : "Is the server started, is AWS_ENDPOINT_URL its address as seen from here, and is a firewall between?"
        do {
            // The first answer pays for the connection; the second tells the way.
            _ = try await ask(endpoint)
            let began = ContinuousClock.now
            let answer = try await ask(endpoint)
            let took = ContinuousClock.now - began
            if let date = answer["date"] { clock.learn(date: date, sent: began, received: .now) }
            guard answer.status < 500 else {
                return Finding(
                    .connection, .bad, subject, "it answers, and only to say that it fails: \(answer.status)",
                    remedy: "See the server's own log, or wait.")
            }
            return Finding(
                .connection, .good, subject, "answers within \(String(format: "%.1f", took.seconds * 1000)) ms")
        } catch TransportError.unreachable(let text), TransportError.timedOut(let text) {
            return Finding(.connection, .bad, subject, "can't be reached: \(text)", remedy: remedy)
        } catch {
            return Finding(.connection, .bad, subject, "doesn't speak HTTP: \(error)", remedy: remedy)
        }
    }

    private func ask(_ endpoint: Endpoint) async throws -> WireResponse {
        try await services.transport.send(WireRequest(.GET, endpoint), limit: 1 << 20, deadline: .seconds(10))
    }

    /// Seconds that two clocks may be apart without anybody noticing.
    private static let slight = 5.0
    /// Seconds beyond which services refuse signatures. AWS allows 5 minutes in most services, 15 in S3.
    private static let refused = 300.0

    /// - Returns: nothing where nobody told the time.
    func skew() -> [Finding] {
        guard let offset = clock.known?.seconds else {
            return [Finding(.connection, .unknown, "clock", "no answer told the store's time")]
        }
        let apart = abs(offset)
        let side = offset > 0 ? "behind" : "ahead of"
        if apart <= Self.slight {
            return [Finding(.connection, .good, "clock", "this machine's agrees with the store's")]
        }
        let text = "this machine's is \(Int(apart.rounded())) s \(side) the store's"
        guard apart > Self.refused else {
            return [
                Finding(
                    .connection, .warning, "clock", text, remedy: "Set it by NTP (systemd-timesyncd or chrony).")
            ]
        }
        return [
            Finding(
                .connection, .bad, "clock", "\(text): beyond 300 s signatures are refused",
                remedy: "Set it by NTP (systemd-timesyncd or chrony). Until then each first request is refused and "
                    + "signed anew by the store's time.")
        ]
    }
}
