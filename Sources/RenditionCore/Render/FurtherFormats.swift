/// Reads which formats stand beside the JPEG, as an operator writes it.
package enum FurtherFormats {
    /// The formats by the sizes' names from a list such as `webp, medium:avif`: a format alone goes for every size.
    ///
    /// - Returns: nil where the text is no such list.
    package static func parse(_ text: String) -> [String: [RenditionFormat]]? {
        var formats: [String: [RenditionFormat]] = [:]
        for item in text.split(separator: ",") {
            let parts = item.split(separator: ":", omittingEmptySubsequences: false).map { part in
                String(part.filter { !$0.isWhitespace })
            }
            guard let name = parts.last, let format = RenditionFormat(rawValue: name), format != .jpeg,
                parts.count <= 2
            else { return nil }
            let sizes = RenditionSize.all.map(\.name).filter { parts.count == 1 || $0 == parts[0] }
            guard !sizes.isEmpty else { return nil }
            for size in sizes where formats[size]?.contains(format) != true {
                formats[size, default: []].append(format)
            }
        }
        return formats.mapValues { $0.sorted { $0.rawValue > $1.rawValue } }
    }
}
