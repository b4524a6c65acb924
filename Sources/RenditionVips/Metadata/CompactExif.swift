/// Builds a small Exif block from directories that stand elsewhere: in a TIFF file, a RAW file, or the boxes of a CR3.
enum CompactExif {
    /// A directory and the structure that holds its values.
    struct Part {
        var structure: TIFFStructure
        var directory: TIFFStructure.Directory
    }

    /// What describes the photo in the first directory; the rest describes pixels (Exif 2.32, table 3).
    private static let described: Set<Int> = [
        0x010E, 0x010F, 0x0110, 0x0112, 0x011A, 0x011B, 0x0128, 0x0131, 0x0132, 0x013B, 0x4746, 0x4749, 0x8298,
        0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F,
    ]
    /// Entries of the Exif directory that lose their meaning elsewhere: maker notes point into their file.
    private static let rooted: Set<Int> = [0x927C, 0xA005]
    /// The longest value that is copied, in bytes.
    private static let longest = 16384

    /// - Returns: A TIFF structure; nil where there is nothing to put into it.
    static func block(main: Part, exif: Part, gps: Part) -> [UInt8]? {
        // A block has one byte order.
        let isBigEndian = main.structure.isBigEndian
        var photo = main
        photo.directory = photo.directory.filter { described.contains($0.key) && $0.value.length <= longest }
        var details = exif
        details.directory = exif.directory.filter { !rooted.contains($0.key) && $0.value.length <= longest }
        if exif.structure.isBigEndian != isBigEndian { details.directory = [:] }
        if exif.directory.isEmpty {
            // Some files keep it all in the first directory (TIFF/EP, ISO 12234-2).
            details = main
            details.directory = main.directory.filter {
                (0x829A...0x829D).contains($0.key) || (0x8822...0x8833).contains($0.key)
                    || (0x9003...0x9292).contains($0.key) || (0xA402...0xA435).contains($0.key)
            }
            details.directory = details.directory.filter { $0.value.length <= longest }
        }
        var place = gps
        place.directory = gps.directory.filter { $0.value.length <= longest }
        if gps.structure.isBigEndian != isBigEndian { place.directory = [:] }
        guard !photo.directory.isEmpty || !details.directory.isEmpty || !place.directory.isEmpty else { return nil }

        var writer = Writer(isBigEndian: isBigEndian)
        let detailsStart = 8 + length(photo.directory.count + 2)
        let placeStart = detailsStart + length(details.directory.count)
        writer.heapStart = placeStart + length(place.directory.count)
        writer.add(photo, pointers: [(0x8769, detailsStart), (0x8825, placeStart)])
        writer.add(details)
        writer.add(place)
        return writer.whole
    }

    private static func length(_ entries: Int) -> Int { 2 + 12 * entries + 4 }

    private struct Writer {
        let isBigEndian: Bool
        var heapStart = 0
        private var directories: [UInt8] = []
        private var heap: [UInt8] = []

        init(isBigEndian: Bool) { self.isBigEndian = isBigEndian }

        var whole: [UInt8] {
            Array((isBigEndian ? "MM" : "II").utf8) + number(42, 2) + number(8, 4) + directories + heap
        }

        mutating func add(_ part: Part, pointers: [(tag: Int, offset: Int)] = []) {
            directories += number(part.directory.count + pointers.count, 2)
            var lines: [(tag: Int, line: [UInt8])] = pointers.map { pointer in
                (pointer.tag, number(4, 2) + number(1, 4) + number(pointer.offset, 4))
            }
            for (tag, entry) in part.directory.sorted(by: { $0.key < $1.key }) {
                var value = part.structure.data(entry).map { Array($0) } ?? []
                let head = number(entry.type, 2) + number(entry.count, 4)
                if value.count > 4 {
                    let offset = heapStart + heap.count
                    heap += value + [UInt8](repeating: 0, count: value.count % 2)
                    value = number(offset, 4)
                }
                lines.append((tag, head + value + [UInt8](repeating: 0, count: max(0, 4 - value.count))))
            }
            for line in lines.sorted(by: { $0.tag < $1.tag }) { directories += number(line.tag, 2) + line.line }
            directories += number(0, 4)
        }

        private func number(_ value: Int, _ count: Int) -> [UInt8] {
            let little = (0..<count).map { UInt8(value >> (8 * $0) & 255) }
            return isBigEndian ? little.reversed() : little
        }
    }
}
