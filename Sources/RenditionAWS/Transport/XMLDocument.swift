import Foundation

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// A whole XML answer as a tree of values.
package struct XMLDocument: Sendable, Hashable {
    package let root: XMLElement

    /// - Throws: ``MalformedXML`` for anything but one whole element, and for a document type: no service sends one, and
    ///   what it declares would be lost without a word.
    package init(_ bytes: [UInt8]) throws {
        // S3 sends white space while it puts a large object together, before the document that tells how it went.
        let data = Data(bytes.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) })
        guard !data.isEmpty, data.range(of: Data("<!DOCTYPE".utf8)) == nil else { throw MalformedXML(line: 1) }
        let builder = TreeBuilder()
        let parser = XMLParser(data: data)
        parser.delegate = builder
        // What stands behind the element is told by the error alone.
        guard parser.parse(), parser.parserError == nil, builder.open.isEmpty, let root = builder.root else {
            throw MalformedXML(line: parser.lineNumber)
        }
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

/// Why an answer is no XML. It quotes nothing of it.
package struct MalformedXML: Error, Sendable, Hashable, CustomStringConvertible {
    /// Counted from 1; 0 where the parser can't tell.
    package let line: Int

    package var description: String { "malformed XML in line \(line)" }
}

/// Collects what the parser finds. Used by one thread.
private final class TreeBuilder: NSObject, XMLParserDelegate {
    /// The elements that have begun and not ended, outermost first.
    private(set) var open: [XMLElement] = []
    private(set) var root: XMLElement?

    func parser(
        _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?,
        qualifiedName qName: String?, attributes attributeDict: [String: String]
    ) {
        let name = elementName.lastIndex(of: ":").map { elementName[elementName.index(after: $0)...] }
        open.append(XMLElement(name: name.map(String.init) ?? elementName))
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { append(string) }

    func parser(_ parser: XMLParser, foundCDATA block: Data) {
        append(String(decoding: block, as: UTF8.self))
    }

    func parser(
        _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?, qualifiedName qName: String?
    ) {
        guard let element = open.popLast() else { return }
        if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
    }

    private func append(_ text: String) {
        if !open.isEmpty { open[open.count - 1].text += text }
    }
}
