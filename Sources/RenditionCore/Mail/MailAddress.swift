/// An e-mail address, perhaps with a name before it: `no-reply@galerly.com`, `Galerly <no-reply@galerly.com>`.
///
/// It holds nothing but printable ASCII, which is all that SES takes, and nothing that could end a header's line. It is
/// stricter than RFC 5322: no comments, no quoted names or local parts, no addresses by number.
package struct MailAddress: Sendable, Hashable {
    /// As it was written, for the header.
    package let text: String
    /// Without the name.
    package let address: String

    /// The part behind the `@`.
    package var domain: String {
        String(address[address.index(after: address.lastIndex(of: "@") ?? address.startIndex)...])
    }

    /// - Returns: nil for what is no such address.
    package init?(_ text: String) {
        guard text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return nil }
        var address = text[...]
        if text.hasSuffix(">") {
            guard let begin = text.firstIndex(of: "<"), Self.isName(text[..<begin]) else { return nil }
            address = text[text.index(after: begin)...].dropLast()
        }
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, Self.isLocal(parts[0]), Self.isDomain(parts[1]) else { return nil }
        self.text = text
        self.address = String(address)
    }

    private static func isName(_ text: Substring) -> Bool {
        text.hasSuffix(" ") && text.allSatisfy { $0.isLetter || $0.isNumber || " .'-_&".contains($0) }
    }

    private static func isLocal(_ text: Substring) -> Bool {
        (1...64).contains(text.utf8.count) && !text.hasPrefix(".") && !text.hasSuffix(".") && !text.contains("..")
            && text.allSatisfy { $0.isLetter || $0.isNumber || ".!#$%&'*+-/=?^_`{|}~".contains($0) }
    }

    private static func isDomain(_ text: Substring) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                    && label.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" }
            }
    }
}
