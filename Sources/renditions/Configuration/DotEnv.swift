/// Reads files of environment variables: `NAME=value` on each line.
///
/// - `export` before a name, blanks around `=`, empty lines and lines that begin with `#` are passed over.
/// - A value without quotes ends with its line or at a `#` after a blank.
/// - Inside 'single quotes' everything stands for itself; inside "double quotes" `\n`, `\r`, `\t`, `\\`, `\"` and `\$`
///   are escapes. A quoted value may run over several lines.
/// - Variables are not expanded. Of two equal names the later counts.
struct DotEnv {
    private let file: String
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var line = 1

    /// - Parameter file: The file's name, for errors.
    /// - Throws: ``SettingError`` with the file and the line that can't be read, but nothing of what stands there.
    static func parse(_ text: String, file: String) throws -> [Assignment] {
        var parser = DotEnv(text, file: file)
        var assignments: [Assignment] = []
        while let next = try parser.next() { assignments.append(next) }
        return assignments
    }

    private init(_ text: String, file: String) {
        self.file = file
        var scalars = Array(text.unicodeScalars)
        if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
        self.scalars = scalars.enumerated().filter { index, scalar in
            !(scalar == "\r" && index + 1 < scalars.count && scalars[index + 1] == "\n")
        }.map(\.element)
    }

    private mutating func next() throws -> Assignment? {
        skipToName()
        guard peek != nil else { return nil }
        let start = line
        var name = word()
        if name == "export", skipBlanks() { name = word() }
        skipBlanks()
        guard let first = name.first, !first.isNumber, peek == "=" else { throw error("is not NAME=value", start) }
        advance()
        skipBlanks()
        let value = peek == "\"" || peek == "'" ? try quoted(start) : plain()
        return Assignment(name: name, value: value, line: start)
    }

    private var peek: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    @discardableResult
    private mutating func advance() -> Unicode.Scalar? {
        guard let scalar = peek else { return nil }
        position += 1
        if scalar == "\n" { line += 1 }
        return scalar
    }

    private mutating func skipToName() {
        while let scalar = peek {
            if scalar == "#" {
                skipLine()
            } else if scalar == "\n" || Self.isBlank(scalar) {
                advance()
            } else {
                return
            }
        }
    }

    /// - Returns: Whether there were any.
    @discardableResult
    private mutating func skipBlanks() -> Bool {
        let start = position
        while let scalar = peek, Self.isBlank(scalar) { advance() }
        return position > start
    }

    private mutating func skipLine() {
        while let scalar = peek, scalar != "\n" { advance() }
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }

    private mutating func word() -> String {
        var word = String.UnicodeScalarView()
        while let scalar = peek,
            scalar.properties.isAlphabetic || "0"..."9" ~= scalar || "_.-".unicodeScalars.contains(scalar)
        {
            word.append(scalar)
            advance()
        }
        return String(word)
    }

    private mutating func plain() -> String {
        var value = String.UnicodeScalarView()
        while let scalar = peek, scalar != "\n" {
            if scalar == "#", Self.isBlank(scalars[position - 1]) {
                skipLine()
                break
            }
            value.append(scalar)
            advance()
        }
        while let last = value.last, Self.isBlank(last) { value.removeLast() }
        return String(value)
    }

    private mutating func quoted(_ start: Int) throws -> String {
        let quote = advance()
        var value = String.UnicodeScalarView()
        while let scalar = advance() {
            if scalar == quote {
                let isApart = skipBlanks()
                if isApart, peek == "#" { skipLine() }
                guard peek == nil || peek == "\n" else { throw error("goes on after the closing quote", start) }
                return String(value)
            }
            if scalar == "\\", quote == "\"", let escaped = advance() {
                value += Self.escapes[escaped] ?? ["\\", escaped]
            } else {
                value.append(scalar)
            }
        }
        throw error("opens a quote that is never closed", start)
    }

    private static let escapes: [Unicode.Scalar: [Unicode.Scalar]] = [
        "n": ["\n"], "r": ["\r"], "t": ["\t"], "\\": ["\\"], "\"": ["\""], "$": ["$"],
    ]

    private func error(_ problem: String, _ line: Int) -> SettingError {
        SettingError("\(file):\(line) \(problem).")
    }
}
