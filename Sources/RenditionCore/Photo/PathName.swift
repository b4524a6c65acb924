/// The parts of paths and keys, found byte by byte: to Swift a slash with a combining mark behind it is another
/// character, and to a file system it is a slash.
package enum PathName {
    /// The parts between slashes, empty ones included.
    package static func parts(_ path: String) -> [String] {
        path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { String(Substring($0)) }
    }

    /// The part behind the last slash.
    package static func last(_ path: String) -> String { parts(path).last ?? path }

    /// The path before the last slash; empty where there is none.
    package static func folder(_ path: String) -> String {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? ""
    }

    /// A name without its last extension, and that extension with its dot. A name that only starts with a dot has none.
    package static func split(_ name: String) -> (stem: String, suffix: String) {
        guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")), dot != name.startIndex else { return (name, "") }
        return (String(name[..<dot]), String(name[dot...]))
    }
}

extension String {
    /// The text with control characters made visible, for terminals and logs.
    package var printable: String {
        guard unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return self }
        return unicodeScalars.reduce(into: "") { text, scalar in
            if scalar.properties.generalCategory == .control {
                text += scalar.escaped(asASCII: true)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }
}
