import Foundation

/// AWS's JSON: members begin with a capital there and with a small letter here. The keys of dictionaries, which are
/// attributes' and tables' names, stay as they are, and so do DynamoDB's types (`S`, `BOOL`, …).
enum WireJSON {
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .custom { path in Member(path.last) { $0.prefix(1).uppercased() + $0.dropFirst() }
        }
        return [UInt8](try encoder.encode(value))
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { path in
            Member(path.last) { name in
                // A type is all capitals, a member isn't.
                guard let second = name.dropFirst().first, second.isLowercase else { return name }
                return name.prefix(1).lowercased() + name.dropFirst()
            }
        }
        return try decoder.decode(type, from: Data(bytes))
    }

    private struct Member: CodingKey {
        let stringValue: String
        let intValue: Int?

        init(_ key: (any CodingKey)?, _ rename: (String) -> String) {
            stringValue = rename(key?.stringValue ?? "")
            intValue = key?.intValue
        }

        init?(stringValue: String) {
            self.stringValue = stringValue
            intValue = nil
        }

        init?(intValue: Int) {
            stringValue = String(intValue)
            self.intValue = intValue
        }
    }
}
