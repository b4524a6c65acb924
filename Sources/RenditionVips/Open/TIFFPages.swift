/// What the directories of a TIFF file say of its pictures (TIFF 6.0, section 2; BigTIFF as libtiff defines it).
///
/// Nothing in the file is trusted: what doesn't lie inside it is not there.
struct TIFFPages {
    /// One picture of the file.
    struct Page: Equatable {
        /// NewSubfileType: bit 0 a reduced picture, bit 2 a mask. An old SubfileType of 2 is told as a reduced one.
        var kind = 0
        /// Bits a sample, of the first sample.
        var bits = 1
        /// Samples a pixel.
        var samples = 1
        var compression = 1
        var photometric: Int?
        /// 1 unsigned, 2 signed, 3 floating-point.
        var sampleFormat = 1
        /// What each sample beyond the colours is: 0 unspecified, 1 premultiplied alpha, 2 alpha. nil where nothing is said.
        var extraSamples: [Int]?
        var isTiled = false
        /// Whether each channel is stored by itself.
        var isPlanar = false
        var width = 0
        var height = 0
        /// All rows where the file doesn't tell.
        var rowsPerStrip = Int.max
        var tileWidth = 0
        var tileHeight = 0
        /// Entries of the table of strips or tiles, and the bytes of each.
        var pieces = 0
        var bytesPerPiece = 0
    }

    /// In their order in the file; of very many only the first.
    let pages: [Page]

    private static let mostEntries = 2000
    /// Bytes of a value of each type of whole numbers, with a sign or without: libtiff takes any for any.
    private static let sizes = [1: 1, 3: 2, 4: 4, 6: 1, 8: 2, 9: 4, 16: 8, 17: 8]

    /// - Parameter most: Pages after which to stop.
    init(_ bytes: UnsafeRawBufferPointer, most: Int = 100) {
        let isBig = bytes.has("MM")
        func number(_ place: Int, _ width: Int) -> Int? {
            isBig ? bytes.big(place, width) : bytes.little(place, width)
        }
        let isLarge = number(2, 2) == 43
        let (width, entry) = isLarge ? (8, 20) : (4, 12)
        var pages: [Page] = []
        var seen: Set<Int> = []
        var next = number(isLarge ? 8 : 4, width)
        while let place = next, place > 0, seen.insert(place).inserted, pages.count < most,
            let count = number(place, isLarge ? 8 : 2), count <= Self.mostEntries
        {
            let start = place + (isLarge ? 8 : 2)
            var page = Page()
            for index in 0..<count {
                let field = start + entry * index
                guard let tag = number(field, 2), let type = number(field + 2, 2),
                    let length = number(field + 4, width)
                else { break }
                let size = Self.sizes[type] ?? 0
                if tag == 0x0111 || tag == 0x0144 { (page.pieces, page.bytesPerPiece) = (length, size) }
                guard size > 0, length > 0, length <= Self.mostEntries else { continue }
                let values = length * size <= width ? field + 4 + width : number(field + 4 + width, width) ?? -1
                // A place near the end of all numbers must not be counted on from.
                guard values >= 0, values <= bytes.count else { continue }
                page.set(tag, (0..<min(length, 8)).compactMap { number(values + size * $0, size) })
            }
            pages.append(page)
            next = number(start + entry * count, width)
        }
        self.pages = pages
    }

    /// The place of the photo among the pages: the first that is neither a thumbnail nor a mask.
    var photo: Int { pages.firstIndex { $0.kind & 5 == 0 } ?? 0 }
}

extension TIFFPages.Page {
    fileprivate mutating func set(_ tag: Int, _ values: [Int]) {
        guard let value = values.first else { return }
        switch tag {
        case 0x00FE: kind = value
        case 0x00FF where value == 2: kind |= 1
        case 0x0100: width = value
        case 0x0101: height = value
        case 0x0102: bits = value
        case 0x0103: compression = value
        case 0x0106: photometric = value
        case 0x0115: samples = value
        case 0x0116: rowsPerStrip = max(1, value)
        case 0x011C: isPlanar = value == 2
        case 0x0142: (isTiled, tileWidth) = (true, value)
        case 0x0143: tileHeight = value
        case 0x0152: extraSamples = values
        case 0x0153: sampleFormat = value
        default: break
        }
    }

    /// The samples that are colours as libvips hands them over, by the photometric interpretation; nil where that isn't known.
    var colours: Int? {
        switch photometric {
        case 0, 1, 4: 1
        // A palette's indexes become the colours that they stand for.
        case 2, 3, 6, 8, 9, 10: 3
        // All but those that the file declares to be something else.
        case 5: max(4, samples - (extraSamples?.count ?? 0))
        default: nil
        }
    }
}
