import Foundation

/// A record's value written as ordinary JSON, for people and for tools that don't know DynamoDB's types.
///
/// Numbers keep their digits as far as `Decimal` holds them (38), sets become arrays, binaries base64.
package struct PlainJSON: Encodable, Sendable {
    private let value: RecordValue

    package init(_ value: RecordValue) { self.value = value }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch value {
        case .string(let text): try container.encode(text)
        case .number(let text):
            if let number = Decimal(string: text) { try container.encode(number) } else { try container.encode(text) }
        case .bool(let flag): try container.encode(flag)
        case .null: try container.encodeNil()
        case .list(let values): try container.encode(values.map(PlainJSON.init))
        case .map(let values): try container.encode(values.mapValues(PlainJSON.init))
        case .binary(let data): try container.encode(data)
        case .stringSet(let values): try container.encode(values)
        case .numberSet(let values): try container.encode(values.map { PlainJSON(.number($0)) })
        case .binarySet(let values): try container.encode(values)
        }
    }
}
