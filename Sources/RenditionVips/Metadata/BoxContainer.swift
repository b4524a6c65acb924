/// Metadata in the boxes of HEIC, AVIF and Canon's CR3 files (ISO/IEC 14496-12; ISO/IEC 23008-12, annex A).
enum BoxContainer {
    /// More boxes, items or extents than any camera writes.
    static let most = 10000

    /// A box: its four letters, and what it holds.
    struct Box {
        var kind: UnsafeRawBufferPointer
        var body: UnsafeRawBufferPointer
    }

    static func read(_ bytes: UnsafeRawBufferPointer, into blocks: inout MetadataBlocks) {
        for box in boxes(in: bytes) {
            if box.kind.has("meta"), let inner = box.body.part(from: 4) { readItems(inner, of: bytes, into: &blocks) }
            if box.kind.has("moov") { readMovie(box.body, into: &blocks) }
            if box.kind.has("uuid") { readUser(box.body, into: &blocks) }
        }
    }

    /// The boxes side by side in a part of the file; of very many only the first.
    static func boxes(in bytes: UnsafeRawBufferPointer) -> [Box] {
        var found: [Box] = []
        var place = 0
        while found.count < most, let size = bytes.big(place, 4), let kind = bytes.part(place + 4, 4) {
            var length = size
            var head = 8
            if size == 1 {
                guard let long = bytes.big(place + 8, 8) else { break }
                length = long
                head = 16
            } else if size == 0 {
                length = bytes.count - place
            }
            guard length >= head else { break }
            // Of a cut file, what is left.
            guard let body = bytes.part(place + head, min(length - head, bytes.count - place - head)) else { break }
            found.append(Box(kind: kind, body: body))
            guard length <= bytes.count - place else { break }
            place += length
        }
        return found
    }

    // MARK: HEIC and AVIF

    private enum Item {
        case exif
        case xmp
    }

    private static func readItems(
        _ meta: UnsafeRawBufferPointer, of file: UnsafeRawBufferPointer, into blocks: inout MetadataBlocks
    ) {
        let inner = boxes(in: meta)
        guard let info = inner.first(where: { $0.kind.has("iinf") }),
            let locations = inner.first(where: { $0.kind.has("iloc") })
        else { return }
        let data = inner.first { $0.kind.has("idat") }?.body
        let wanted = items(info.body)
        guard !wanted.isEmpty else { return }
        for (id, content) in contents(locations.body, of: file, data, wanted: Set(wanted.map(\.id))) {
            content.withUnsafeBytes { content in
                switch wanted.first(where: { $0.id == id })?.item {
                case .exif:
                    // The offset of the TIFF header behind it; some writers get it wrong.
                    guard let offset = content.big(0, 4) else { return }
                    if offset < content.count, let block = content.part(from: 4 + offset),
                        TIFFStructure(block) != nil
                    {
                        blocks.addExif(block)
                    } else if let block = content.part(from: 4) {
                        blocks.addExif(block)
                    }
                case .xmp: blocks.addXMP(content)
                case nil: break
                }
            }
        }
    }

    private static func items(_ info: UnsafeRawBufferPointer) -> [(id: Int, item: Item)] {
        entries(info).compactMap { id, kind in
            if kind.has("Exif") { return (id, .exif) }
            guard kind.has("mime"), let name = kind.zero(from: 4, within: 1024),
                kind.has("application/rdf+xml", at: name + 1)
            else { return nil }
            return (id, .xmp)
        }
    }

    /// The items: their ids, and their kinds with what follows.
    private static func entries(_ info: UnsafeRawBufferPointer) -> [(id: Int, kind: UnsafeRawBufferPointer)] {
        guard let version = info.big(0, 1), let entries = info.part(from: version == 0 ? 6 : 8) else { return [] }
        return boxes(in: entries).compactMap { box in
            guard box.kind.has("infe"), let version = box.body.big(0, 1), version >= 2 else { return nil }
            let width = version == 2 ? 2 : 4
            guard let id = box.body.big(4, width), let kind = box.body.part(from: 4 + width + 2) else { return nil }
            return (id, kind)
        }
    }

    /// The bytes of the wanted items, in the order of the table.
    private static func contents(
        _ table: UnsafeRawBufferPointer, of file: UnsafeRawBufferPointer, _ data: UnsafeRawBufferPointer?,
        wanted: Set<Int>
    ) -> [(id: Int, content: [UInt8])] {
        guard let version = table.big(0, 1), version <= 2, let sizes = table.big(4, 2),
            let number = table.big(6, version < 2 ? 2 : 4)
        else { return [] }
        let (offsetSize, lengthSize) = (sizes >> 12, sizes >> 8 & 15)
        let (baseSize, indexSize) = (sizes >> 4 & 15, version == 0 ? 0 : sizes & 15)
        guard [offsetSize, lengthSize, baseSize, indexSize].allSatisfy({ [0, 4, 8].contains($0) }) else { return [] }
        var place = version < 2 ? 8 : 10
        func next(_ width: Int) -> Int? {
            defer { place += width }
            return width == 0 ? 0 : table.big(place, width)
        }
        var found: [(Int, [UInt8])] = []
        // The same bytes may be named again and again.
        var room = 4 * MetadataBlocks.longest
        for _ in 0..<min(number, most) {
            guard let id = next(version < 2 ? 2 : 4), let method = version == 0 ? 0 : next(2), next(2) != nil,
                let base = next(baseSize), let extents = next(2)
            else { return found }
            var content: [UInt8] = []
            // 0: in the file; 1: in the data box beside the table.
            let source = method & 15 == 0 ? file : method & 15 == 1 ? data : nil
            for _ in 0..<extents {
                guard next(indexSize) != nil, let offset = next(offsetSize), let length = next(lengthSize) else {
                    return found
                }
                guard wanted.contains(id), let source, base <= source.count, offset <= source.count - base,
                    let extent = length == 0 ? source.part(from: base + offset) : source.part(base + offset, length),
                    content.count + extent.count <= MetadataBlocks.longest, extent.count <= room
                else { continue }
                content += extent
                room -= extent.count
            }
            if !content.isEmpty { found.append((id, content)) }
        }
        return found
    }

    // MARK: Grids

    /// A picture that is put together of tiles (ISO/IEC 23008-12, section 6.6.2.3).
    struct Grid {
        var width: Int
        var height: Int
        var tiles: Int
    }

    /// What the grids in a file say of themselves.
    static func grids(in bytes: UnsafeRawBufferPointer) -> [Grid] {
        guard let meta = boxes(in: bytes).first(where: { $0.kind.has("meta") })?.body.part(from: 4) else { return [] }
        let inner = boxes(in: meta)
        guard let info = inner.first(where: { $0.kind.has("iinf") }),
            let locations = inner.first(where: { $0.kind.has("iloc") })
        else { return [] }
        let ids = entries(info.body).compactMap { $0.kind.has("grid") ? $0.id : nil }
        guard !ids.isEmpty else { return [] }
        let data = inner.first { $0.kind.has("idat") }?.body
        return contents(locations.body, of: bytes, data, wanted: Set(ids)).compactMap { _, content in
            content.withUnsafeBytes { content in
                guard let flags = content.big(1, 1), let rows = content.big(2, 1), let columns = content.big(3, 1),
                    let width = content.big(4, flags & 1 == 1 ? 4 : 2),
                    let height = content.big(flags & 1 == 1 ? 8 : 6, flags & 1 == 1 ? 4 : 2)
                else { return nil }
                return Grid(width: width, height: height, tiles: (rows + 1) * (columns + 1))
            }
        }
    }

    // MARK: CR3

    private static let canon: [UInt8] = [
        0x85, 0xC0, 0xB6, 0x87, 0x82, 0x0F, 0x11, 0xE0, 0x81, 0x11, 0xF4, 0xCE, 0x46, 0x2B, 0x6A, 0x48,
    ]
    private static let xmp: [UInt8] = [
        0xBE, 0x7A, 0xCF, 0xCB, 0x97, 0xA9, 0x42, 0xE8, 0x9C, 0x71, 0x99, 0x94, 0x91, 0xE3, 0xAF, 0xAC,
    ]

    private static func readUser(_ body: UnsafeRawBufferPointer, into blocks: inout MetadataBlocks) {
        if body.starts(with: xmp) { blocks.addXMP(body.part(from: xmp.count)) }
    }

    /// Canon keeps the first directory, the Exif directory, the maker note and the GPS directory in four boxes, each a
    /// TIFF structure of its own.
    private static func readMovie(_ movie: UnsafeRawBufferPointer, into blocks: inout MetadataBlocks) {
        for box in boxes(in: movie) where box.kind.has("uuid") {
            readUser(box.body, into: &blocks)
            guard box.body.starts(with: canon), let inner = box.body.part(from: canon.count) else { continue }
            let parts = boxes(in: inner)
            func structure(_ kind: String) -> TIFFStructure? {
                parts.first { $0.kind.has(kind) }.flatMap { TIFFStructure($0.body) }
            }
            guard let main = structure("CMT1") else { continue }
            let exif = structure("CMT2") ?? main
            let gps = structure("CMT4") ?? main
            blocks.addExif(
                built: CompactExif.block(
                    main: .init(structure: main, directory: main.main),
                    exif: .init(structure: exif, directory: structure("CMT2")?.main ?? [:]),
                    gps: .init(structure: gps, directory: structure("CMT4")?.main ?? [:])))
            if let note = structure("CMT3") { blocks.maker.readCanon(note, note.main) }
        }
    }
}
