import Foundation
import NIOCore
import NIOHTTP1
import RenditionAWS

/// The mails that an emulator's SES has taken, as it tells them.
package struct Outbox: Sendable {
    package struct Mail: Decodable, Sendable {
        package var source: String
        package var to: [String]
        package var subject: String
        package var text: String
        package var html: String

        private enum CodingKeys: String, CodingKey {
            case source = "Source"
            case to = "To"
            case subject = "Subject"
            case text = "BodyText"
            case html = "BodyHtml"
        }

        /// The addresses of the pictures in it, as a browser reads them.
        package var pictures: [String] {
            html.components(separatedBy: "<img src=\"").dropFirst().compactMap { part in
                part.split(separator: "\"").first.map { String($0).replacing("&amp;", with: "&") }
            }
        }
    }

    private struct Answer: Decodable {
        /// By account.
        var messages: [String: [Mail]]
    }

    private let emulator: Emulator

    package init(_ emulator: Emulator) { self.emulator = emulator }

    /// What was sent to an address, oldest first.
    package func mails(to address: String) async throws -> [Mail] {
        let head = HTTPRequestHead(
            version: .http1_1, method: .GET, uri: MiniStack.mailPath, headers: ["host": "127.0.0.1"])
        let response = try await HTTPExchange(emulator.endpoint).send(.init(head: head))
        let answer = try JSONDecoder().decode(Answer.self, from: Data(response.body.readableBytesView))
        return answer.messages.values.flatMap { $0 }.filter { $0.to == [address] }
    }
}
