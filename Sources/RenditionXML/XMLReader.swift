import CExpat

/// Who is told what stands in a document, in its order.
package protocol XMLHandler: AnyObject {
    /// An element begins. Names are as they stand, with their prefix.
    ///
    /// - Returns: Whether to go on.
    func start(_ name: String, attributes: [String: String]) -> Bool

    /// Some of an element's characters, which may come in pieces; entities are resolved.
    func text(_ text: String)

    /// The innermost open element ends.
    func end()
}

/// Reads XML (W3C, Extensible Markup Language 1.0) with expat.
///
/// Foundation's parser ends the whole process on bytes that are no UTF-8 and on processing instructions without data, and
/// what is read here comes from strangers.
package enum XMLReader {
    /// Elements within elements; deeper ones are no document that anybody sends.
    package static let deepest = 200

    /// Reads a whole document and tells of what stands before the first mistake.
    ///
    /// - Throws: ``MalformedXML`` for what isn't one whole element in UTF-8, UTF-16 or ISO 8859-1, for elements too deep in each
    ///   other, where the handler stops, and for a document type, by which XML grows without end.
    package static func read(_ bytes: UnsafeRawBufferPointer, _ handler: some XMLHandler) throws(MalformedXML) {
        guard let parser = XML_ParserCreate(nil), let count = Int32(exactly: bytes.count) else {
            throw MalformedXML(line: 0)
        }
        defer { XML_ParserFree(parser) }
        let reading = Reading(parser, handler)
        XML_SetUserData(parser, Unmanaged.passUnretained(reading).toOpaque())
        XML_SetElementHandler(
            parser,
            { user, name, attributes in Reading.of(user)?.start(name, attributes) },
            { user, _ in Reading.of(user)?.end() })
        XML_SetCharacterDataHandler(parser) { user, text, count in Reading.of(user)?.text(text, count) }
        XML_SetStartDoctypeDeclHandler(parser) { user, _, _, _, _ in Reading.of(user)?.stop() }
        let status = withExtendedLifetime(reading) {
            XML_Parse(parser, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), count, 1)
        }
        guard status == XML_STATUS_OK else { throw MalformedXML(line: Int(XML_GetCurrentLineNumber(parser))) }
    }
}

/// Why something is no XML. It quotes nothing of it.
package struct MalformedXML: Error, Sendable, Hashable, CustomStringConvertible {
    /// Counted from 1; 0 where the parser can't tell.
    package let line: Int

    package init(line: Int) { self.line = line }

    package var description: String { "malformed XML in line \(line)" }
}

/// What the parser's callbacks are handed. Used by one thread.
private final class Reading {
    private let parser: XML_Parser
    private let handler: any XMLHandler
    private var depth = 0

    init(_ parser: XML_Parser, _ handler: any XMLHandler) {
        self.parser = parser
        self.handler = handler
    }

    static func of(_ user: UnsafeMutableRawPointer?) -> Reading? {
        user.map { Unmanaged<Reading>.fromOpaque($0).takeUnretainedValue() }
    }

    func start(_ name: UnsafePointer<CChar>?, _ pairs: UnsafeMutablePointer<UnsafePointer<CChar>?>?) {
        guard let name, let pairs else { return }
        depth += 1
        var attributes: [String: String] = [:]
        var index = 0
        while let key = pairs[index], let value = pairs[index + 1] {
            attributes[String(cString: key)] = String(cString: value)
            index += 2
        }
        if depth > XMLReader.deepest || !handler.start(String(cString: name), attributes: attributes) { stop() }
    }

    func end() {
        depth -= 1
        handler.end()
    }

    func text(_ text: UnsafePointer<CChar>?, _ count: Int32) {
        handler.text(String(decoding: UnsafeRawBufferPointer(start: text, count: Int(count)), as: UTF8.self))
    }

    /// Some callbacks may still come.
    func stop() { XML_StopParser(parser, 0) }
}
