/// Makes what people typed, such as file names, fit for a mail.
enum MailText {
    /// A text in one line, cut to a length: control characters and line breaks become blanks, and what would turn the
    /// direction of the text around it is left out.
    ///
    /// - Parameter limit: Characters, the ellipsis included. What a letter can carry in marks has a limit too: sixteen bytes
    ///   for each character on average.
    static func line(_ text: String, limit: Int) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: scalars.append(" ")
            case .format where isOfDirection(scalar): continue
            default: scalars.append(scalar)
            }
        }
        let words = String(scalars).split(separator: " ").joined(separator: " ")
        return words.count > limit || words.utf8.count > limit * 16 ? cut(words, limit) + "…" : words
    }

    /// The beginning of a text in whole characters, but for one that alone is too long.
    private static func cut(_ words: String, _ limit: Int) -> String {
        var rest = limit * 16
        let whole = words.prefix(limit - 1).prefix { character in
            rest -= character.utf8.count
            return rest >= 0
        }
        if !whole.isEmpty { return String(whole) }
        // A scalar has four bytes at most.
        return String(String.UnicodeScalarView(words.unicodeScalars.prefix(limit * 4)))
    }

    /// Marks, embeddings, overrides and isolates of Unicode's bidirectional algorithm (UAX #9).
    private static func isOfDirection(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    /// A text as HTML shows it, also inside an attribute's quotes. A quote is one to a browser whatever marks it carries.
    static func html(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { html, scalar in
            switch scalar {
            case "&": html += "&amp;"
            case "<": html += "&lt;"
            case ">": html += "&gt;"
            case "\"": html += "&quot;"
            case "'": html += "&#39;"
            default: html.unicodeScalars.append(scalar)
            }
        }
    }
}
