import Foundation
import NIOHTTP1
import RenditionCore

/// Calls an operation of a service that speaks AWS's JSON protocol: the operation in a header, JSON both ways.
struct JSONCaller: Sendable {
    let client: ServiceClient
    /// What stands before the operation in `x-amz-target`.
    let target: String
    /// The protocol's version in the content type.
    let version: String

    /// - Parameter subject: What the call is about, for messages.
    /// - Returns: the answer, and whether an earlier attempt may already have done what was asked.
    func call<Output: Decodable>(
        _ operation: String, _ subject: String, _ input: some Encodable, as type: Output.Type,
        deadline: Duration = .seconds(8)
    ) async throws -> (Output, unclear: Bool) {
        let body = try WireJSON.encode(input)
        let request = WireRequest(
            .POST, client.endpoint,
            headers: [
                "content-type": "application/x-amz-json-\(version)", "x-amz-target": "\(target).\(operation)",
            ],
            body: .bytes(body))
        let call = ServiceClient.Call(
            operation: operation, subject: subject, request: request, payload: .hash(Checksum.sha256(body)),
            deadline: deadline, check: { try Self.check($0, "\(client.name) \(operation)", subject) })
        let reply = try await client.send(call)
        do {
            let answer = try WireJSON.decode(Answer<Output>.self, from: reply.response.body)
            if let units = answer.units { client.context.meter.consumed("\(client.name) \(operation)", units) }
            return (answer.output, reply.mayHaveHappenedBefore)
        } catch {
            throw AWSFailure(
                call: "\(client.name) \(operation)", subject: subject, status: reply.response.status,
                code: "UnreadableAnswer", message: "\(error)", kind: .final, mayHaveHappened: true)
        }
    }

    /// DynamoDB sends a CRC-32 of its answers along.
    private static func check(_ response: WireResponse, _ call: String, _ subject: String) throws {
        guard let expected = response["x-amz-crc32"].flatMap(UInt32.init) else { return }
        guard CRC<UInt32>.crc32.of(response.body).value == expected else {
            throw AWSFailure(
                call: call, subject: subject, status: response.status, code: "DamagedAnswer",
                message: "the answer's CRC-32 is another", kind: .transient, mayHaveHappened: true)
        }
    }

    static func error(_ response: WireResponse) -> ServiceClient.ErrorBody {
        let body = try? WireJSON.decode(Refusal.self, from: response.body)
        // A type may come with a namespace before it and an address behind.
        let code = body?.type?.split(separator: "#").last?.split(separator: ":").first.map(String.init)
        return ServiceClient.ErrorBody(
            code: code ?? "", message: body?.message ?? "", item: body?.item)
    }

    private struct Refusal: Decodable {
        var type: String?
        var message: String?
        var item: [String: RecordValue]?

        private enum CodingKeys: String, CodingKey {
            case type = "__type"
            case message, item
        }
    }

    /// An operation's own output, and the capacity that stands beside it.
    private struct Answer<Output: Decodable>: Decodable {
        var output: Output
        var units: Double?

        init(from decoder: any Decoder) throws {
            output = try Output(from: decoder)
            units = (try? Consumption(from: decoder))?.units
        }
    }

    /// What DynamoDB says of the capacity that a request took; a list where there were several tables.
    private struct Consumption: Decodable {
        struct Units: Decodable { var capacityUnits: Double? }

        var units: Double

        private enum CodingKeys: String, CodingKey { case consumedCapacity }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            if let one = try? container.decode(Units.self, forKey: .consumedCapacity) {
                units = one.capacityUnits ?? 0
            } else {
                units = try container.decode([Units].self, forKey: .consumedCapacity).reduce(0) {
                    $0 + ($1.capacityUnits ?? 0)
                }
            }
        }
    }
}
