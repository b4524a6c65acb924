/// Several pictures in one JPEG file, one behind the other (CIPA DC-007, "Multi-Picture Format").
enum MultiPicture {
    private static let label = "MPF\0"
    private static let entriesTag = 0xB002
    private static let entryLength = 16

    /// The pictures that stand behind the first one.
    ///
    /// - Returns: Nothing where the file has no list of them or where it points outside the file.
    static func others(in file: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer] {
        var pictures: [UnsafeRawBufferPointer] = []
        JPEGMarkers.forEach(in: file) { segment in
            guard segment.marker == 0xE2, segment.body.has(label), pictures.isEmpty,
                let list = segment.body.part(from: label.utf8.count), let structure = TIFFStructure(list),
                let entries = structure.main[entriesTag]
            else { return }
            // Offsets count from the list's own header.
            let base = segment.start + label.utf8.count
            var end = 0
            // A list that names the same bytes again and again would cost the more the longer it is.
            for index in 1..<max(1, min(5, entries.length / entryLength)) {
                let entry = entries.start + index * entryLength
                guard let length = structure.uint32(entry + 4), let offset = structure.uint32(entry + 8),
                    base + offset >= end,
                    let picture = file.part(base + offset, min(length, file.count - base - offset)),
                    picture.starts(with: [0xFF, 0xD8])
                else { continue }
                end = base + offset + picture.count
                pictures.append(picture)
            }
        }
        return pictures
    }

    /// The length of ``segment(firstLength:listStart:secondLength:)``, marker included.
    static let segmentLength = 4 + label.utf8.count + 50 + 2 * entryLength

    /// The segment that lists two pictures, marker included.
    ///
    /// - Parameters:
    ///   - firstLength: The first picture's file with this segment in it.
    ///   - start: Where this segment begins in that file.
    static func segment(firstLength: Int, start: Int, secondLength: Int) -> [UInt8] {
        func big(_ value: Int, _ width: Int) -> [UInt8] {
            (0..<width).reversed().map { UInt8(value >> (8 * $0) & 255) }
        }
        func field(_ tag: Int, type: Int, count: Int, _ value: [UInt8]) -> [UInt8] {
            big(tag, 2) + big(type, 2) + big(count, 4) + value
        }
        let base = start + 4 + label.utf8.count
        var list: [UInt8] = Array("MM\0*".utf8) + big(8, 4) + big(3, 2)
        list += field(0xB000, type: 7, count: 4, Array("0100".utf8))
        list += field(0xB001, type: 4, count: 1, big(2, 4))
        list += field(entriesTag, type: 7, count: 2 * entryLength, big(50, 4))
        list += big(0, 4)
        // The first is the one to show; what the second is, its own segments say.
        list += big(0x03_0000, 4) + big(firstLength, 4) + big(0, 4) + big(0, 4)
        list += big(0, 4) + big(secondLength, 4) + big(firstLength - base, 4) + big(0, 4)
        return [0xFF, 0xE2] + big(segmentLength - 2, 2) + Array(label.utf8) + list
    }
}
