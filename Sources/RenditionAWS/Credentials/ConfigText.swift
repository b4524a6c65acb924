import Foundation

/// The sections of one shared file, as they are written.
///
/// Source: AWS SDKs and Tools Reference Guide, shared config and credentials files.
struct ConfigText {
    /// Each section's settings by its heading, such as `profile work`. Headings that repeat are one section, in which the
    /// later value of a name goes. Names are in lower case; a nested one is `parent.name`.
    private(set) var sections: [String: [String: String]] = [:]

    private var heading: String?
    /// The setting that deeper lines continue.
    private var last: (name: String, indent: Int, isNested: Bool)?

    /// - Parameter path: Where the text stands, for errors.
    /// - Throws: ``CredentialError`` that names a line and quotes nothing of it.
    init(_ text: String, path: String) throws {
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let content = line.trimmingCharacters(in: Self.blank)
            guard let first = content.first, first != "#", first != ";" else { continue }
            let indent = line.prefix { $0 == " " || $0 == "\t" }.count
            let isRead =
                first == "[" && indent == 0 ? readHeading(content) : readSetting(content, indent: indent)
            guard isRead else {
                throw CredentialError(
                    "Line \(index + 1) of \(path) is neither a section nor a setting of one. Correct or remove it.")
            }
        }
    }

    private static let blank = CharacterSet.whitespaces.union(CharacterSet(charactersIn: "\u{FEFF}"))

    private mutating func readHeading(_ content: String) -> Bool {
        guard let end = content.firstIndex(of: "]") else { return false }
        let rest = content[content.index(after: end)...].trimmingCharacters(in: Self.blank)
        guard rest.isEmpty || rest.hasPrefix("#") || rest.hasPrefix(";") else { return false }
        let words = content[..<end].dropFirst().split(maxSplits: 1, whereSeparator: \.isWhitespace)
        let heading = words.map { Self.unquoted($0.trimmingCharacters(in: Self.blank)) }.joined(separator: " ")
        self.heading = heading
        last = nil
        if sections[heading] == nil { sections[heading] = [:] }
        return !heading.isEmpty
    }

    private mutating func readSetting(_ content: String, indent: Int) -> Bool {
        guard let heading else { return false }
        let isDeeper = last.map { indent > $0.indent } ?? false
        if isDeeper, let last {
            // Below a setting without a value stand nested ones; below any other, more of its value.
            guard last.isNested else {
                sections[heading]?[last.name]?.append("\n\(Self.value(content))")
                return true
            }
            guard let (name, value) = Self.split(content) else { return false }
            sections[heading]?["\(last.name).\(name)"] = value
            return true
        }
        guard let (name, value) = Self.split(content) else { return false }
        sections[heading]?[name] = value
        last = (name, indent, value.isEmpty)
        return true
    }

    private static func split(_ content: String) -> (name: String, value: String)? {
        guard let equals = content.firstIndex(of: "=") else { return nil }
        let name = content[..<equals].trimmingCharacters(in: blank).lowercased()
        let value = value(content[content.index(after: equals)...])
        return name.isEmpty ? nil : (name, value)
    }

    /// A value ends at a comment, which white space sets apart.
    private static func value(_ text: some StringProtocol) -> String {
        let text = " \(text)"
        let end = text.firstRange(of: /[ \t][#;]/)?.lowerBound ?? text.endIndex
        return text[..<end].trimmingCharacters(in: blank)
    }

    /// A name with spaces in it is written in quotes by the AWS CLI.
    private static func unquoted(_ name: String) -> String {
        guard name.count > 1, let quote = name.first, quote == name.last, quote == "'" || quote == "\"" else {
            return name
        }
        return String(name.dropFirst().dropLast())
    }
}
