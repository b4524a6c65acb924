/// Mends what libheif 1.15 refuses in the files of current telephones.
///
/// Since iOS 18.2 an iPhone's photo holds a tone-mapped image besides its base image (`tmap`, ISO 21496-1), and says of its
/// Exif block that it describes both. libheif 1.15 doesn't know such images and takes the reference for damage ("Metadata
/// not correctly assigned to image"). In the mended copy the reference names the base image twice.
enum HEIFRepair {
    /// - Returns: A mended copy; nil where nothing has to be mended.
    static func repaired(_ file: UnsafeRawBufferPointer) -> [UInt8]? {
        let reader = BoxReader(file)
        guard let meta = reader.boxes(in: 0..<file.count).first(where: { $0.type == "meta" }) else { return nil }
        let parts = reader.boxes(in: meta.body.dropFirst(4))
        func part(_ type: String) -> Range<Int>? { parts.first { $0.type == type }?.body }
        guard let infos = part("iinf"), let references = part("iref"), let primaryBox = part("pitm"),
            let primary = reader.item(in: primaryBox)
        else { return nil }
        let unknown = reader.items(in: infos, ofType: "tmap")
        guard !unknown.isEmpty else { return nil }

        guard let version = reader.number(references.lowerBound, 1, in: references) else { return nil }
        let wide = version > 0
        let places = reader.boxes(in: references.dropFirst(4)).filter { $0.type == "cdsc" }
            .flatMap { reader.targets(in: $0.body, wide: wide) }
            .filter { unknown.contains($0.id) }
        guard !places.isEmpty else { return nil }
        var copy = Array(file)
        for place in places {
            for (index, offset) in place.bytes.enumerated() {
                copy[offset] = UInt8(primary >> (8 * (place.bytes.count - 1 - index)) & 255)
            }
        }
        return copy
    }
}

extension HEIFRepair {
    /// Whether the file holds an item of a tone-mapped image (ISO/IEC 23008-12, `tmap`).
    static func hasToneMap(_ file: UnsafeRawBufferPointer) -> Bool {
        let reader = BoxReader(file)
        guard let meta = reader.boxes(in: 0..<file.count).first(where: { $0.type == "meta" }),
            let infos = reader.boxes(in: meta.body.dropFirst(4)).first(where: { $0.type == "iinf" })
        else { return false }
        return !reader.items(in: infos.body, ofType: "tmap").isEmpty
    }
}

/// Reads boxes of the ISO base media file format (ISO/IEC 14496-12, section 4.2), never past their parents' ends.
private struct BoxReader {
    private let file: UnsafeRawBufferPointer
    /// More boxes or items than any camera writes; a stranger's file could make the search endless.
    private static let limit = 10_000

    init(_ file: UnsafeRawBufferPointer) { self.file = file }

    func number(_ offset: Int, _ length: Int, in range: Range<Int>) -> Int? {
        guard offset >= range.lowerBound, offset <= range.upperBound - length else { return nil }
        return (0..<length).reduce(0) { $0 << 8 | Int(file[offset + $1]) }
    }

    func boxes(in range: Range<Int>) -> [(type: String, body: Range<Int>)] {
        var boxes: [(type: String, body: Range<Int>)] = []
        var offset = range.lowerBound
        while boxes.count < Self.limit, let size = number(offset, 4, in: range), number(offset + 4, 4, in: range) != nil
        {
            let type = String(decoding: file[(offset + 4)..<(offset + 8)], as: UTF8.self)
            var (start, length) = (offset + 8, size)
            if size == 1 {
                guard let large = number(offset + 8, 8, in: range) else { break }
                (start, length) = (offset + 16, large)
            } else if size == 0 {
                length = range.upperBound - offset
            }
            guard length >= start - offset, length <= range.upperBound - offset else { break }
            boxes.append((type, start..<(offset + length)))
            offset += length
        }
        return boxes
    }

    /// The primary item's id (ISO/IEC 14496-12, section 8.11.4).
    func item(in box: Range<Int>) -> Int? {
        guard let version = number(box.lowerBound, 1, in: box) else { return nil }
        return number(box.lowerBound + 4, version == 0 ? 2 : 4, in: box)
    }

    /// The ids of a type's items (section 8.11.6).
    func items(in box: Range<Int>, ofType wanted: String) -> Set<Int> {
        guard let version = number(box.lowerBound, 1, in: box) else { return [] }
        let entries = boxes(in: box.dropFirst(4 + (version == 0 ? 2 : 4)))
        let ids = entries.compactMap { entry -> Int? in
            guard entry.type == "infe", let version = number(entry.body.lowerBound, 1, in: entry.body), version >= 2
            else { return nil }
            let length = version == 2 ? 2 : 4
            let type = entry.body.lowerBound + 4 + length + 2
            guard number(type, 4, in: entry.body) != nil,
                String(decoding: file[type..<(type + 4)], as: UTF8.self) == wanted
            else { return nil }
            return number(entry.body.lowerBound + 4, length, in: entry.body)
        }
        return Set(ids)
    }

    /// The ids that a reference names, and where they stand (section 8.11.12).
    func targets(in box: Range<Int>, wide: Bool) -> [(id: Int, bytes: Range<Int>)] {
        let length = wide ? 4 : 2
        guard let count = number(box.lowerBound + length, 2, in: box), count <= Self.limit else { return [] }
        return (0..<count).compactMap { index in
            let offset = box.lowerBound + length + 2 + index * length
            return number(offset, length, in: box).map { ($0, offset..<(offset + length)) }
        }
    }
}

extension Range<Int> {
    /// The range without its first numbers; empty where it has no more.
    fileprivate func dropFirst(_ count: Int) -> Range<Int> { Swift.min(lowerBound + count, upperBound)..<upperBound }
}
