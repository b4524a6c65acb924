/// A look at the first directory of a TIFF file (TIFF 6.0, section 2), enough to tell a RAW file from a picture.
package enum TIFFDirectory {
    /// The tags of the first directory with their first value, where that is a short or a long; other types count as 0.
    ///
    /// - Returns: nil where there is no directory inside the bytes.
    package static func firstTags(in bytes: [UInt8]) -> [UInt16: UInt32]? {
        guard let entries = entries(in: bytes) else { return nil }
        var tags: [UInt16: UInt32] = [:]
        for entry in entries {
            let value =
                entry.type == 3
                ? number(bytes, entry.offset + 8, 2) : entry.type == 4 ? number(bytes, entry.offset + 8, 4) : 0
            tags[UInt16(entry.tag)] = UInt32(value ?? 0)
        }
        return tags
    }

    /// The maker's name in the first directory.
    static func make(in bytes: [UInt8]) -> String? {
        guard let entry = entries(in: bytes)?.first(where: { $0.tag == 0x010F && $0.type == 2 }),
            let count = number(bytes, entry.offset + 4, 4), count > 4, count < 256,
            let start = number(bytes, entry.offset + 8, 4), start + count <= bytes.count
        else { return nil }
        return String(decoding: bytes[start..<(start + count)].prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func entries(in bytes: [UInt8]) -> [(tag: Int, type: Int, offset: Int)]? {
        guard bytes.count >= 8, number(bytes, 2, 2) == 42, let start = number(bytes, 4, 4),
            let count = number(bytes, start, 2)
        else { return nil }
        var entries: [(tag: Int, type: Int, offset: Int)] = []
        for index in 0..<count {
            let offset = start + 2 + index * 12
            guard let tag = number(bytes, offset, 2), let type = number(bytes, offset + 2, 2) else { break }
            entries.append((tag, type, offset))
        }
        return entries
    }

    private static func number(_ bytes: [UInt8], _ offset: Int, _ length: Int) -> Int? {
        guard offset >= 0, offset + length <= bytes.count else { return nil }
        let slice = bytes[offset..<(offset + length)]
        return (bytes[0] == 0x49 ? Array(slice.reversed()) : Array(slice)).reduce(0) { $0 << 8 | Int($1) }
    }
}
