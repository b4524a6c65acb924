/// A look at the first directory of a TIFF file (TIFF 6.0, section 2), enough to tell a RAW file from a picture.
package enum TIFFDirectory {
    /// The tags of the first directory with their first value, where that is a short or a long; other types count as 0.
    ///
    /// - Returns: nil where there is no directory inside the bytes.
    package static func firstTags(in bytes: [UInt8]) -> [UInt16: UInt32]? {
        guard bytes.count >= 8 else { return nil }
        let little = bytes[0] == 0x49
        func number(_ offset: Int, _ length: Int) -> Int? {
            guard offset >= 0, offset + length <= bytes.count else { return nil }
            let slice = bytes[offset..<(offset + length)]
            return (little ? Array(slice.reversed()) : Array(slice)).reduce(0) { $0 << 8 | Int($1) }
        }
        guard number(2, 2) == 42, let start = number(4, 4), let count = number(start, 2) else { return nil }
        var tags: [UInt16: UInt32] = [:]
        for index in 0..<count {
            let entry = start + 2 + index * 12
            guard let tag = number(entry, 2), let type = number(entry + 2, 2) else { break }
            let value = type == 3 ? number(entry + 8, 2) : type == 4 ? number(entry + 8, 4) : 0
            tags[UInt16(tag)] = UInt32(value ?? 0)
        }
        return tags
    }
}
