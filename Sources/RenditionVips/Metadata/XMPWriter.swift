import RenditionCore

/// Writes an XMP packet that says how a photo may be used (ISO 16684-1).
///
/// Like the Exif block it is built anew and not cut from the original's.
enum XMPWriter {
    /// - Returns: nil where Exif says it all: it has no place for a credit line or terms.
    static func packet(_ values: PhotoMetadata) -> [UInt8]? {
        guard values.credit != nil || values.usageTerms != nil else { return nil }
        var lines: [String] = []
        if let rights = values.copyright {
            lines.append("<dc:rights>\(language(rights))</dc:rights>")
            lines.append("<xmpRights:Marked>True</xmpRights:Marked>")
        }
        if let artist = values.artist {
            lines.append("<dc:creator><rdf:Seq><rdf:li>\(escaped(artist))</rdf:li></rdf:Seq></dc:creator>")
        }
        if let credit = values.credit { lines.append("<photoshop:Credit>\(escaped(credit))</photoshop:Credit>") }
        if let terms = values.usageTerms {
            lines.append("<xmpRights:UsageTerms>\(language(terms))</xmpRights:UsageTerms>")
        }
        let packet =
            "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
            + "<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\""
            + " xmlns:photoshop=\"http://ns.adobe.com/photoshop/1.0/\""
            + " xmlns:xmpRights=\"http://ns.adobe.com/xap/1.0/rights/\">" + lines.joined()
            + "</rdf:Description></rdf:RDF></x:xmpmeta>"
        return Array(packet.utf8)
    }

    /// The one language that is known: whichever the photographer used.
    private static func language(_ text: String) -> String {
        "<rdf:Alt><rdf:li xml:lang=\"x-default\">\(escaped(text))</rdf:li></rdf:Alt>"
    }

    private static func escaped(_ text: String) -> String {
        String(text.prefix(2000)).replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;")
    }
}
