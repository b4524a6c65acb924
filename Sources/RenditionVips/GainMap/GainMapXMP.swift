import Foundation

/// Gain maps in XMP: Adobe's properties in the map's own packet, and Google's list of a file's pictures in the base
/// picture's (Adobe, "Gain map specification", 1.0; Android, "Ultra HDR image format", 1.1).
enum GainMapXMP {
    /// The identifier that stands before a packet in a JPEG file's segment (XMP specification, part 3, section 1.1.3).
    static let label = Array("http://ns.adobe.com/xap/1.0/\0".utf8)

    /// - Returns: nil where the packet describes no gain map, or one for a base picture that is the bright one.
    static func parameters(_ packet: XMPPacket) -> GainMapParameters? {
        guard packet.text("hdrgm:Version") != nil, packet.text("hdrgm:BaseRenditionIsHDR")?.lowercased() != "true",
            let headroom = packet.number("hdrgm:HDRCapacityMax")
        else { return nil }
        func values(_ name: String) -> [Double] { packet.texts(name).compactMap(Double.init) }
        let (maxima, minima, gammas) = (
            values("hdrgm:GainMapMax"), values("hdrgm:GainMapMin"), values("hdrgm:Gamma")
        )
        let (base, bright) = (values("hdrgm:OffsetSDR"), values("hdrgm:OffsetHDR"))
        guard !maxima.isEmpty else { return nil }
        let count = [maxima, minima, gammas, base, bright].contains { $0.count >= 3 } ? 3 : 1
        func value(_ list: [Double], _ index: Int, _ fallback: Double) -> Double {
            list.indices.contains(index) ? list[index] : list.first ?? fallback
        }
        return GainMapParameters(
            channels: (0..<count).map { index in
                GainMapParameters.Channel(
                    min: value(minima, index, 0), max: value(maxima, index, 0), gamma: value(gammas, index, 1),
                    baseOffset: value(base, index, 1.0 / 64), brightOffset: value(bright, index, 1.0 / 64))
            },
            baseHeadroom: packet.number("hdrgm:HDRCapacityMin") ?? 0, brightHeadroom: headroom)
    }

    /// The map's own packet. Properties of one value are attributes: some readers know them in no other form.
    static func packet(_ parameters: GainMapParameters) -> [UInt8] {
        let properties: [(String, (GainMapParameters.Channel) -> Double)] = [
            ("GainMapMin", \.min), ("GainMapMax", \.max), ("Gamma", \.gamma), ("OffsetSDR", \.baseOffset),
            ("OffsetHDR", \.brightOffset),
        ]
        var (attributes, elements) = ("", "")
        for (name, value) in properties {
            let values = parameters.channels.map { number(value($0)) }
            if Set(values).count == 1 {
                attributes += " hdrgm:\(name)=\"\(values[0])\""
            } else {
                let list = values.map { "<rdf:li>\($0)</rdf:li>" }.joined()
                elements += "<hdrgm:\(name)><rdf:Seq>\(list)</rdf:Seq></hdrgm:\(name)>"
            }
        }
        let opening =
            "<rdf:Description rdf:about=\"\" \(space) hdrgm:Version=\"1.0\"\(attributes)"
            + " hdrgm:HDRCapacityMin=\"\(number(parameters.baseHeadroom))\""
            + " hdrgm:HDRCapacityMax=\"\(number(parameters.brightHeadroom))\" hdrgm:BaseRenditionIsHDR=\"False\""
        return Array(
            (head + opening + (elements.isEmpty ? "/>" : ">\(elements)</rdf:Description>") + foot).utf8)
    }

    /// The base picture's packet, into which the list of pictures is put.
    ///
    /// - Parameters:
    ///   - packet: What the packet says otherwise; nil for nothing.
    ///   - length: The map's file, in bytes.
    static func announcing(_ length: Int, in packet: [UInt8]?) -> [UInt8] {
        func item(_ semantic: String, _ rest: String) -> String {
            "<rdf:li rdf:parseType=\"Resource\"><Container:Item Item:Semantic=\"\(semantic)\""
                + " Item:Mime=\"image/jpeg\"\(rest)/></rdf:li>"
        }
        let list =
            "<rdf:Description rdf:about=\"\" \(space)"
            + " xmlns:Container=\"http://ns.google.com/photos/1.0/container/\""
            + " xmlns:Item=\"http://ns.google.com/photos/1.0/container/item/\" hdrgm:Version=\"1.0\">"
            + "<Container:Directory><rdf:Seq>" + item("Primary", "") + item("GainMap", " Item:Length=\"\(length)\"")
            + "</rdf:Seq></Container:Directory></rdf:Description>"
        let alone = Array((head + list + foot).utf8)
        guard let text = packet.map({ String(decoding: $0, as: UTF8.self) }),
            let end = text.range(of: "</rdf:RDF>", options: .backwards)
        else { return alone }
        let both = Array((text[..<end.lowerBound] + list + text[end.lowerBound...]).utf8)
        // A packet that leaves no room goes: without the list the map would be lost.
        return both.count <= CarriedMetadata.longest ? both : alone
    }

    private static let space = "xmlns:hdrgm=\"http://ns.adobe.com/hdr-gain-map/1.0/\""
    private static let head =
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">"
        + "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
    private static let foot = "</rdf:RDF></x:xmpmeta>"

    private static func number(_ value: Double) -> String { String(format: "%.6f", value) }
}
