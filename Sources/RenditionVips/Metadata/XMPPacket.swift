import RenditionCore
import RenditionXML

/// What an editor or a phone wrote into an XMP packet (ISO 16684-1), flattened to properties with their texts.
struct XMPPacket {
    /// Larger packets hold pictures or histories, and are not read.
    static let longest = 4 << 20

    /// `prefix:name`, by the prefix that the namespace commonly has, to the texts in their order.
    fileprivate(set) var properties: [String: [String]] = [:]

    /// - Returns: nil where it is too large, no XML, or has a document type, by which XML grows without end.
    init?(_ packet: [UInt8]) {
        guard packet.count <= Self.longest else { return nil }
        // Some writers end it with zeros, which no parser takes, and some write bytes that are no UTF-8.
        var text = String(decoding: packet[..<(packet.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0)], as: UTF8.self)
        let reader = PacketReader()
        // Of a damaged packet, what stands before the damage.
        text.withUTF8 { try? XMLReader.read(UnsafeRawBufferPointer($0), reader) }
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
private final class PacketReader: XMLHandler {
    private static let rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
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

    /// An element, as far as it is of use.
    private struct Element {
        /// A property's name, or nil for the scaffolding of RDF.
        var property: String?
        /// Namespaces by their prefix, those of the elements around it too.
        var spaces: [String: String]
    }

    private(set) var properties: [String: [String]] = [:]
    private var values = 0
    /// The elements that are open, outermost first.
    private var open: [Element] = []
    private var text = ""

    func start(_ name: String, attributes: [String: String]) -> Bool {
        if values > Self.mostValues { return false }
        var element = Element(spaces: open.last?.spaces ?? [:])
        for (attribute, value) in attributes {
            if attribute == "xmlns" { element.spaces[""] = value }
            if attribute.hasPrefix("xmlns:") { element.spaces[String(attribute.dropFirst(6))] = value }
        }
        let (prefix, local) = Self.parts(of: name)
        let space = element.spaces[prefix]
        let isScaffold = space == Self.rdf || space == "adobe:ns:meta/"
        element.property = isScaffold ? nil : self.name(local, in: space)
        open.append(element)
        text = ""
        // The short form: simple properties are attributes of the description.
        for (attribute, value) in attributes {
            let (prefix, local) = Self.parts(of: attribute)
            guard !prefix.isEmpty, let space = element.spaces[prefix], space != Self.rdf else { continue }
            add(value, to: path + [self.name(local, in: space)])
        }
        return true
    }

    func text(_ text: String) { self.text += text }

    func end() {
        add(text, to: path)
        text = ""
        _ = open.popLast()
    }

    /// The properties that are open.
    private var path: [String] { open.compactMap(\.property) }

    /// A name's prefix, empty where it has none, and the rest.
    private static func parts(of name: String) -> (prefix: String, local: String) {
        guard let colon = name.firstIndex(of: ":") else { return ("", name) }
        return (String(name[..<colon]), String(name[name.index(after: colon)...]))
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
