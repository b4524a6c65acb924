import RenditionCore

/// What an editor wrote into IPTC records (IPTC-NAA Information Interchange Model, version 4.2).
struct IPTCRecords {
    /// Record × 256 + data set, to the values in their order.
    private var values: [Int: [[UInt8]]] = [:]
    private var isUTF8 = false

    init(_ block: [UInt8]) {
        block.withUnsafeBytes { bytes in
            var place = 0
            // Anything else than the tag marker is the padding behind the last data set.
            while bytes.big(place, 1) == 0x1C, let record = bytes.big(place + 1, 1), let set = bytes.big(place + 2, 1),
                let length = bytes.big(place + 3, 2)
            {
                // The top bit announces a longer length, which no text needs.
                guard length < 0x8000, let value = bytes.part(place + 5, length) else { break }
                values[record << 8 | set, default: []].append(Array(value))
                place += 5 + length
            }
        }
        // ISO 2022's announcement of UTF-8.
        isUTF8 = values[1 << 8 | 90]?.first?.starts(with: [0x1B, 0x25, 0x47]) == true
    }

    func text(_ set: Int) -> String? { values[2 << 8 | set]?.lazy.compactMap(decoded).first }

    func texts(_ set: Int) -> [String] { (values[2 << 8 | set] ?? []).compactMap(decoded) }

    private func decoded(_ bytes: [UInt8]) -> String? {
        isUTF8 ? MetadataText.clean(String(decoding: bytes, as: UTF8.self)) : MetadataText.decoded(bytes)
    }

    /// Fills what is still unknown.
    func fill(_ metadata: inout PhotoMetadata) {
        metadata.title = metadata.title ?? text(5)
        metadata.caption = metadata.caption ?? text(120)
        if metadata.keywords.isEmpty { metadata.keywords = PhotoMetadata.keywords(texts(25)) }
        metadata.copyright = metadata.copyright ?? text(116)
        metadata.credit = metadata.credit ?? text(110)
        let authors = texts(80)
        if metadata.artist == nil, !authors.isEmpty { metadata.artist = authors.joined(separator: "; ") }
        if metadata.dateTaken == nil, let date = text(55), date.count == 8 {
            metadata.dateTaken = MetadataDate.iso8601(date + (text(60) ?? ""))
        }
    }
}
