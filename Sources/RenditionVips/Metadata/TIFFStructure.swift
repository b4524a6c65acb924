/// Directories of tagged values, the form of TIFF files, Exif blocks and most maker notes (TIFF 6.0, section 2).
///
/// It must not outlive the bytes. Nothing in them is trusted: what doesn't lie inside them is not there.
struct TIFFStructure {
    /// The values of one tag.
    struct Entry {
        var type: Int
        var count: Int
        /// Where the values begin.
        var start: Int
        /// In bytes.
        var length: Int
    }

    typealias Directory = [Int: Entry]

    /// More than any camera writes in one directory.
    private static let mostEntries = 2000

    let bytes: UnsafeRawBufferPointer
    let isBigEndian: Bool
    /// What offsets count from.
    let base: Int
    /// Where the first directory begins.
    let first: Int

    /// A structure without a header, as maker notes have it.
    init(_ bytes: UnsafeRawBufferPointer, isBigEndian: Bool, base: Int, first: Int) {
        self.bytes = bytes
        self.isBigEndian = isBigEndian
        self.base = base
        self.first = first
    }

    /// A structure with a header: TIFF's own, or one of those that Olympus and Panasonic put in its place.
    init?(_ bytes: UnsafeRawBufferPointer, at base: Int = 0) {
        guard base >= 0, bytes.count >= 8, base <= bytes.count - 8 else { return nil }
        let isBigEndian: Bool
        switch (bytes[base], bytes[base + 1]) {
        case (0x49, 0x49): isBigEndian = false
        case (0x4D, 0x4D): isBigEndian = true
        default: return nil
        }
        let header = TIFFStructure(bytes, isBigEndian: isBigEndian, base: base, first: 0)
        // 42 is TIFF; "RO" and "RS" are Olympus's; 0x55 is Panasonic's.
        guard let magic = header.uint16(base + 2), [42, 0x4F52, 0x5352, 0x55].contains(magic),
            let first = header.uint32(base + 4)
        else { return nil }
        self.init(bytes, isBigEndian: isBigEndian, base: base, first: base + first)
    }

    // MARK: Numbers

    func uint8(_ offset: Int) -> Int? { bytes.indices.contains(offset) ? Int(bytes[offset]) : nil }

    func uint16(_ offset: Int) -> Int? {
        guard offset >= 0, bytes.count >= 2, offset <= bytes.count - 2 else { return nil }
        let pair = (Int(bytes[offset]), Int(bytes[offset + 1]))
        return isBigEndian ? pair.0 << 8 | pair.1 : pair.1 << 8 | pair.0
    }

    func uint32(_ offset: Int) -> Int? {
        guard let first = uint16(offset), let second = uint16(offset + 2) else { return nil }
        return isBigEndian ? first << 16 | second : second << 16 | first
    }

    // MARK: Directories

    /// Bytes of one value of a type; 0 for a type that doesn't exist.
    private static let sizes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4]

    /// The entries of the directory at a place in the bytes; of a tag that comes twice, the first.
    func directory(at offset: Int) -> Directory {
        guard let count = uint16(offset), count <= Self.mostEntries else { return [:] }
        var directory = Directory()
        for index in 0..<count {
            let place = offset + 2 + 12 * index
            guard let tag = uint16(place), let type = uint16(place + 2), let number = uint32(place + 4),
                uint32(place + 8) != nil
            else { break }
            guard Self.sizes.indices.contains(type), Self.sizes[type] > 0 else { continue }
            let length = number * Self.sizes[type]
            let start = length <= 4 ? place + 8 : base + (uint32(place + 8) ?? 0)
            guard start >= 0, start <= bytes.count, length <= bytes.count - start, directory[tag] == nil else {
                continue
            }
            directory[tag] = Entry(type: type, count: number, start: start, length: length)
        }
        return directory
    }

    /// The first directory.
    var main: Directory { directory(at: first) }

    /// The directory that an entry points to.
    func directory(of entry: Entry?) -> Directory {
        guard let offset = integer(entry) else { return [:] }
        return directory(at: base + offset)
    }

    // MARK: Values

    func data(_ entry: Entry?) -> UnsafeRawBufferPointer? {
        entry.map { UnsafeRawBufferPointer(rebasing: bytes[$0.start..<$0.start + $0.length]) }
    }

    func integer(_ entry: Entry?, at index: Int = 0) -> Int? {
        guard let entry, index >= 0, index < entry.count else { return nil }
        switch entry.type {
        case 1, 7: return uint8(entry.start + index)
        case 6: return uint8(entry.start + index).map { Int(Int8(truncatingIfNeeded: $0)) }
        case 3: return uint16(entry.start + 2 * index)
        case 8: return uint16(entry.start + 2 * index).map { Int(Int16(truncatingIfNeeded: $0)) }
        case 4, 13: return uint32(entry.start + 4 * index)
        case 9: return uint32(entry.start + 4 * index).map { Int(Int32(truncatingIfNeeded: $0)) }
        default: return nil
        }
    }

    /// A number of any type; nil for a fraction over 0, by which cameras say that they don't know.
    func number(_ entry: Entry?, at index: Int = 0) -> Double? {
        guard let entry, index >= 0, index < entry.count else { return nil }
        switch entry.type {
        case 5, 10:
            guard var above = uint32(entry.start + 8 * index), var below = uint32(entry.start + 8 * index + 4) else {
                return nil
            }
            if entry.type == 10 {
                above = Int(Int32(truncatingIfNeeded: above))
                below = Int(Int32(truncatingIfNeeded: below))
            }
            return below == 0 ? nil : Double(above) / Double(below)
        case 11:
            return uint32(entry.start + 4 * index).map { Double(Float(bitPattern: UInt32($0))) }
                .flatMap { $0.isFinite ? $0 : nil }
        default:
            return integer(entry, at: index).map(Double.init)
        }
    }

    /// A text, cleaned.
    func text(_ entry: Entry?) -> String? {
        guard let entry, [1, 2, 7].contains(entry.type), let data = data(entry) else { return nil }
        return MetadataText.first(data.prefix(MetadataText.longestField))
    }
}
