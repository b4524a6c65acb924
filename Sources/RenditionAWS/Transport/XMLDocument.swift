import RenditionXML

/// A whole XML answer as a tree of values.
package struct XMLDocument: Sendable, Hashable {
    package let root: XMLElement

    /// - Throws: ``MalformedXML`` for anything but one whole element, and for a document type: no service sends one, and
    ///   what it declares would be lost without a word.
    package init(_ bytes: [UInt8]) throws {
        // S3 sends white space while it puts a large object together, before the document that tells how it went.
        let document = bytes.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        let builder = TreeBuilder()
        try document.withUnsafeBytes { try XMLReader.read($0, builder) }
        guard let root = builder.root else { throw MalformedXML(line: 0) }
        self.root = root
    }
}

/// An element without its attributes.
package struct XMLElement: Sendable, Hashable {
    /// Without a namespace prefix.
    package let name: String
    /// Its own characters as they are, white space included; not those of its children.
    package fileprivate(set) var text = ""
    /// In the order in which they stand.
    package fileprivate(set) var children: [XMLElement] = []

    fileprivate init(name: String) { self.name = name }

    /// The first child of that name.
    package subscript(_ name: String) -> XMLElement? { children.first { $0.name == name } }
}

/// Collects what the parser finds. Used by one thread.
private final class TreeBuilder: XMLHandler {
    /// The elements that have begun and not ended, outermost first.
    private var open: [XMLElement] = []
    private(set) var root: XMLElement?

    func start(_ name: String, attributes: [String: String]) -> Bool {
        let local = name.lastIndex(of: ":").map { name[name.index(after: $0)...] }
        open.append(XMLElement(name: local.map(String.init) ?? name))
        return true
    }

    func text(_ text: String) {
        if !open.isEmpty { open[open.count - 1].text += text }
    }

    func end() {
        guard let element = open.popLast() else { return }
        if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
    }
}
