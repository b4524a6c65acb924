import RenditionCore
import Testing

/// An original that was made to harm what reads it: small to upload, and crashing, endless or of many gigabytes to a
/// decoder that takes its word. All are made anew at test time and are the same each time.
package struct Bomb: Sendable, CustomTestStringConvertible {
    /// What may become of it.
    package enum End: Sendable, Hashable {
        /// A picture, as it says nothing but what is true.
        case rendered
        /// A final failure of this code.
        case refused(String)
    }

    /// The file's name, which tells what it does.
    package var name: String
    package var bytes: [UInt8]
    /// How it may end; empty for either way, as libraries of different versions differ.
    package var ends: Set<End>

    package init(_ name: String, _ bytes: [UInt8], _ ends: End...) {
        self.name = name
        self.bytes = bytes
        self.ends = Set(ends)
    }

    package var testDescription: String { name }

    /// All of them.
    package static let all: [Bomb] = jpegs + pngs + gifs + webps + tiffs + bmps + boxes + drawings + raws + strangers

    /// A picture that is good, to build upon.
    static let photo = Corpus.samples.bytes("tiny.jpg")
}

/// Numbers and blocks as file formats write them.
enum Pack {
    static func big(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    static func little(_ value: Int, _ count: Int) -> [UInt8] { big(value, count).reversed() }

    /// A box of the ISO base media file format.
    static func box(_ kind: String, _ body: [UInt8], size: Int? = nil) -> [UInt8] {
        big(size ?? body.count + 8, 4) + Array(kind.utf8) + body
    }

    static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
}
