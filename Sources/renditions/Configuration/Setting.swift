import Foundation
import RenditionCore

/// One setting: its name, what values it takes, and what it is when nobody says.
struct Setting: Sendable {
    enum Kind: Sendable {
        /// A whole number inside a range, in a unit.
        case integer(ClosedRange<Int>, unit: String)
        case text
        /// An amount, such as a price, in a unit.
        case amount(unit: String)
        /// A text that is never shown.
        case secret
        /// An address that begins with http:// or https://.
        case url
        /// An e-mail address, perhaps with a name before it.
        case mail
        /// A host and a port to listen on.
        case address
        case choice([String])
        /// A store's name.
        case store
        /// A list of formats, each perhaps for one size.
        case formats
    }

    /// When a worker that runs takes up a changed value.
    enum Uptake: String, Sendable {
        /// With the next photo, or at once.
        case live
        /// When it is started the next time.
        case start
        /// Never: other commands go by it.
        case none = ""
    }

    /// The name, which is the same in the environment and in every file.
    let name: String
    let kind: Kind
    /// The default as one would write it; empty where there is none.
    let fallback: String
    let uptake: Uptake
    /// What it does, in a line.
    let summary: String
    /// The flag that goes before every other source, where a command has one.
    var flag: String?

    /// What the names of this command's own settings begin with; the others are the platform's.
    static let prefix = "RENDITIONS_"

    static func named(_ name: String) -> Setting? { all.first { $0.name == name } }

    var isSecret: Bool {
        if case .secret = kind { true } else { false }
    }

    func accepts(_ text: String) -> Bool {
        switch kind {
        case .integer(let range, _): Int(text).map(range.contains) ?? false
        case .amount: Double(text).map { $0.isFinite && $0 >= 0 } ?? false
        case .choice(let choices): choices.contains(text)
        case .url: Self.isURL(text)
        case .mail: MailAddress(text) != nil
        case .address: HTTPAddress(text) != nil
        case .store: StoreChoice(text) != nil
        case .formats: FurtherFormats.parse(text) != nil
        case .text, .secret: true
        }
    }

    private static func isURL(_ text: String) -> Bool {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme, let host = parts.host else {
            return false
        }
        return ["http", "https"].contains(scheme) && !host.isEmpty
    }

    /// What a value must be, to end a sentence with.
    var requirement: String {
        switch kind {
        case .integer(let range, let unit): "a whole number from \(range.lowerBound) to \(range.upperBound) (\(unit))"
        case .amount(let unit): "a number that isn't below 0 (\(unit))"
        case .choice(let choices): "one of \(choices.joined(separator: ", "))"
        case .url: "an address that begins with http:// or https://"
        case .mail: "an e-mail address, such as a@b.example or Name <a@b.example>"
        case .address: "a host and a port, such as 127.0.0.1:9090, or a port alone"
        case .store: "local:DIR or aws"
        case .formats: "a list of webp and avif, each perhaps with a size before it, such as webp,medium:avif"
        case .text, .secret: "a text"
        }
    }

    /// The values it takes, in a few words.
    var takes: String {
        switch kind {
        case .integer(let range, let unit): "\(range.lowerBound)–\(range.upperBound) \(unit)"
        case .amount(let unit): unit
        case .choice(let choices): choices.joined(separator: ", ")
        case .url: "URL"
        case .mail: "e-mail address"
        case .address: "HOST:PORT, PORT"
        case .store: "local:DIR, aws"
        case .formats: "such as webp,medium:avif"
        case .text: "text"
        case .secret: "text, secret"
        }
    }

    /// A value as it may be shown to people.
    func shown(_ text: String) -> String { isSecret && !text.isEmpty ? "(set)" : text }
}
