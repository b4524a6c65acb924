import Foundation

/// One attribute of a record, in DynamoDB's data model.
///
/// Encoded as DynamoDB's own JSON (`{"N": "12"}`): numbers keep all their digits as text, and sets and binaries keep
/// their type. Reference: Amazon DynamoDB API Reference, `AttributeValue`.
package enum RecordValue: Sendable, Hashable {
    case string(String)
    /// A number as decimal text; DynamoDB holds up to 38 digits, more than any binary type.
    case number(String)
    case bool(Bool)
    case null
    case list([RecordValue])
    case map([String: RecordValue])
    case binary(Data)
    case stringSet([String])
    case numberSet([String])
    case binarySet([Data])

    package static func integer(_ value: Int) -> RecordValue { .number(String(value)) }

    /// A number with at most `places` decimal places, without trailing zeros.
    ///
    /// - Returns: nil for infinities and not-a-number, which DynamoDB can't hold.
    package static func decimal(_ value: Double, places: Int) -> RecordValue? {
        guard value.isFinite, abs(value) < 1e15 else { return nil }
        var text = String(format: "%.\(places)f", value)
        if text.contains(".") {
            while text.hasSuffix("0") { text.removeLast() }
            if text.hasSuffix(".") { text.removeLast() }
        }
        return .number(text == "-0" ? "0" : text)
    }

    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var integer: Int? {
        guard case .number(let text) = self else { return nil }
        return Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
    }
    package var map: [String: RecordValue]? { if case .map(let value) = self { value } else { nil } }
}

extension RecordValue: Codable {
    private enum Kind: String, CodingKey {
        case string = "S"
        case number = "N"
        case bool = "BOOL"
        case null = "NULL"
        case list = "L"
        case map = "M"
        case binary = "B"
        case stringSet = "SS"
        case numberSet = "NS"
        case binarySet = "BS"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Kind.self)
        guard container.allKeys.count == 1, let kind = container.allKeys.first else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "an attribute value has exactly one type"))
        }
        self =
            switch kind {
            case .string: .string(try container.decode(String.self, forKey: kind))
            case .number: .number(try container.decode(String.self, forKey: kind))
            case .bool: .bool(try container.decode(Bool.self, forKey: kind))
            case .null: .null
            case .list: .list(try container.decode([RecordValue].self, forKey: kind))
            case .map: .map(try container.decode([String: RecordValue].self, forKey: kind))
            case .binary: .binary(try container.decode(Data.self, forKey: kind))
            case .stringSet: .stringSet(try container.decode([String].self, forKey: kind))
            case .numberSet: .numberSet(try container.decode([String].self, forKey: kind))
            case .binarySet: .binarySet(try container.decode([Data].self, forKey: kind))
            }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Kind.self)
        switch self {
        case .string(let value): try container.encode(value, forKey: .string)
        case .number(let value): try container.encode(value, forKey: .number)
        case .bool(let value): try container.encode(value, forKey: .bool)
        case .null: try container.encode(true, forKey: .null)
        case .list(let value): try container.encode(value, forKey: .list)
        case .map(let value): try container.encode(value, forKey: .map)
        case .binary(let value): try container.encode(value, forKey: .binary)
        case .stringSet(let value): try container.encode(value, forKey: .stringSet)
        case .numberSet(let value): try container.encode(value, forKey: .numberSet)
        case .binarySet(let value): try container.encode(value, forKey: .binarySet)
        }
    }
}
