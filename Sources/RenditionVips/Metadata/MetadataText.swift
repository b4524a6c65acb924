import Foundation

/// Makes readable text of what stands in metadata.
enum MetadataText {
    /// The longest text that is taken over, in characters: a record has an end.
    static let longest = 1000
    /// The longest field that is looked at, in bytes.
    static let longestField = 16384

    /// The text before the first zero; nil where that is empty.
    static func first(_ bytes: some Sequence<UInt8>) -> String? { decoded(Array(bytes.prefix { $0 != 0 })) }

    /// UTF-8 where it is valid, else Latin-1; without control characters and surrounding space.
    static func decoded(_ bytes: [UInt8]) -> String? {
        clean(
            String(validating: bytes, as: UTF8.self)
                ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })))
    }

    /// The same of a text that was decoded already; line breaks become spaces.
    static func clean(_ text: String) -> String? {
        let scalars = text.unicodeScalars.compactMap { scalar -> Unicode.Scalar? in
            if scalar == "\n" || scalar == "\r" || scalar == "\t" { return " " }
            return scalar.properties.generalCategory == .control ? nil : scalar
        }
        let trimmed = String(String.UnicodeScalarView(scalars)).trimmingCharacters(in: .whitespaces)
        return trimmed.isEmpty ? nil : String(trimmed.prefix(longest))
    }
}
