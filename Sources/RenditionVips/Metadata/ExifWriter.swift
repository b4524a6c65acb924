/// Writes the smallest Exif block that states whose photo this is (TIFF 6.0, section 2).
///
/// It is built anew and not cut from the original's, so that nothing private can slip through.
enum ExifWriter {
    /// The longest text that is kept, in bytes.
    private static let limit = 2000

    /// - Returns: A TIFF structure, or nil where there is nothing to say.
    static func block(artist: String?, copyright: String?) -> [UInt8]? {
        let entries: [(tag: Int, text: [UInt8])] = [(0x013B, artist), (0x8298, copyright)]
            .compactMap { tag, text in text.map { (tag, ascii($0)) } }
        guard !entries.isEmpty else { return nil }
        var directory = uint16(entries.count)
        var texts: [UInt8] = []
        let textsStart = 8 + 2 + 12 * entries.count + 4
        for entry in entries {
            directory += uint16(entry.tag) + uint16(2) + uint32(entry.text.count)
            if entry.text.count <= 4 {
                directory += entry.text + [UInt8](repeating: 0, count: 4 - entry.text.count)
            } else {
                directory += uint32(textsStart + texts.count)
                texts += entry.text
                if texts.count % 2 != 0 { texts.append(0) }
            }
        }
        return Array("II*\0".utf8) + uint32(8) + directory + uint32(0) + texts
    }

    /// UTF-8 with a closing zero, cut at a character's boundary.
    private static func ascii(_ text: String) -> [UInt8] {
        var kept = text
        while kept.utf8.count > limit { kept.removeLast() }
        return Array(kept.utf8) + [0]
    }

    private static func uint16(_ value: Int) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8 & 255)] }

    private static func uint32(_ value: Int) -> [UInt8] { uint16(value & 0xFFFF) + uint16(value >> 16 & 0xFFFF) }
}
