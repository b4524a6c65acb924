import Foundation
import RenditionCore

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// What an editor or a phone wrote into an XMP packet (ISO 16684-1), flattened to properties with their texts.
struct XMPPacket {
    /// Larger packets hold pictures or histories, and are not read.
    static let longest = 4 << 20

    /// `prefix:name`, by the prefix that the namespace commonly has, to the texts in their order.
    fileprivate(set) var properties: [String: [String]] = [:]

    /// - Returns: nil where it is too large, no XML, or has a document type, by which XML grows without end.
    init?(_ packet: [UInt8]) {
        guard packet.count <= Self.longest else { return nil }
        // Some writers end it with zeros, which no parser takes. Foundation's parser ends the whole process on bytes
        // that are no UTF-8, so it never sees any.
        let text = String(decoding: packet[..<(packet.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0)], as: UTF8.self)
        let data = Data(text.utf8)
        guard !data.isEmpty, data.range(of: Data("<!DOCTYPE".utf8)) == nil else { return nil }
        let reader = PacketReader()
        let parser = XMLParser(data: data)
        parser.shouldProcessNamespaces = true
        parser.shouldReportNamespacePrefixes = true
        parser.shouldResolveExternalEntities = false
        parser.delegate = reader
        // Of a damaged packet, what stands before the damage.
        _ = parser.parse()
        guard !reader.properties.isEmpty else { return nil }
        properties = reader.properties
    }

    func text(_ names: String...) -> String? {
        names.lazy.compactMap { properties[$0]?.lazy.compactMap(MetadataText.clean).first }.first
    }

    func texts(_ name: String) -> [String] { (properties[name] ?? []).compactMap(MetadataText.clean) }

    /// A number or a fraction; nil for a fraction over 0.
    func number(_ names: String...) -> Double? {
        for name in names {
            guard let parts = text(name)?.split(separator: "/").map({ Double($0) }), let above = parts.first ?? nil,
                parts.count <= 2, above.isFinite
            else { continue }
            if parts.count == 1 { return above }
            if let below = parts[1], below.isFinite, below != 0 { return above / below }
        }
        return nil
    }
}

/// Collects the properties of a packet's descriptions. Used by one thread.
private final class PacketReader: NSObject, XMLParserDelegate {
    private static let rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    /// Deeper than any structure that is read.
    private static let deepest = 100
    /// More than a packet of a photo holds.
    private static let mostValues = 20_000

    private static let prefixes = [
        "http://purl.org/dc/elements/1.1/": "dc", "http://ns.adobe.com/xap/1.0/": "xmp",
        "http://ns.adobe.com/xap/1.0/rights/": "xmpRights", "http://ns.adobe.com/photoshop/1.0/": "photoshop",
        "http://ns.adobe.com/tiff/1.0/": "tiff", "http://ns.adobe.com/exif/1.0/": "exif",
        "http://ns.adobe.com/exif/1.0/aux/": "aux", "http://cipa.jp/exif/1.0/": "exifEX",
        "http://ns.adobe.com/exif/1.0/ex/": "exifEX",
        "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
        "http://ns.adobe.com/hdr-gain-map/1.0/": "hdrgm", "http://ns.apple.com/HDRGainMap/1.0/": "HDRGainMap",
        "http://ns.apple.com/pixeldatainfo/1.0/": "apdi",
    ]

    private(set) var properties: [String: [String]] = [:]
    private var values = 0
    private var spaces: [String: [String]] = [:]
    /// The elements that are open: a property's name, or nil for the scaffolding of RDF.
    private var path: [String?] = []
    private var text = ""

    func parser(_ parser: XMLParser, didStartMappingPrefix prefix: String, toURI namespaceURI: String) {
        spaces[prefix, default: []].append(namespaceURI)
    }

    func parser(_ parser: XMLParser, didEndMappingPrefix prefix: String) { _ = spaces[prefix]?.popLast() }

    func parser(
        _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?,
        qualifiedName qName: String?, attributes: [String: String]
    ) {
        if path.count > Self.deepest || values > Self.mostValues { return parser.abortParsing() }
        let isScaffold = namespaceURI == Self.rdf || namespaceURI == "adobe:ns:meta/"
        path.append(isScaffold ? nil : name(elementName, in: namespaceURI))
        text = ""
        // The short form: simple properties are attributes of the description.
        for (attribute, value) in attributes {
            let parts = attribute.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, let space = spaces[String(parts[0])]?.last, space != Self.rdf else { continue }
            add(value, to: path.compactMap { $0 } + [name(String(parts[1]), in: space)])
        }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

    func parser(_ parser: XMLParser, foundCDATA block: Data) { text += String(decoding: block, as: UTF8.self) }

    func parser(
        _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?, qualifiedName qName: String?
    ) {
        add(text, to: path.compactMap { $0 })
        text = ""
        _ = path.popLast()
    }

    private func name(_ name: String, in space: String?) -> String { "\(Self.prefixes[space ?? ""] ?? "-"):\(name)" }

    /// Only whole properties: a part of a structure, such as an earlier version's date, is not the photo's own.
    private func add(_ value: String, to path: [String]) {
        guard let name = path.first, path.count == 1 || path == ["exif:Flash", "exif:Fired"],
            value.contains(where: { !$0.isWhitespace })
        else { return }
        values += 1
        properties[name, default: []].append(value)
    }
}
