/// Writes TIFF files byte by byte (TIFF 6.0; BigTIFF as libtiff defines it), uncompressed.
struct TIFFBuilder {
    var isBigEndian = false
    /// BigTIFF, with places of 64 bits.
    var isLarge = false

    /// One picture.
    struct Page {
        var width: Int
        var height: Int
        /// Bits a sample; a page has as many samples as there are values.
        var bits: [Int]
        var photometric: Int
        /// The strips' bytes: one, or one a channel where `isPlanar`. Numbers of several bytes are in the file's order.
        var strips: [[UInt8]]
        var isPlanar = false
        /// More fields: tag, and values of 16 bits.
        var shorts: [(tag: Int, values: [Int])] = []

        /// A page in which all pixels are alike.
        static func flat(
            _ pixel: [UInt8], bits: [Int], photometric: Int, side: Int = 32, _ shorts: [(tag: Int, values: [Int])] = []
        ) -> Page {
            let pixels = Array(repeating: pixel, count: side * side).flatMap { $0 }
            return Page(
                width: side, height: side, bits: bits, photometric: photometric, strips: [pixels], shorts: shorts)
        }
    }

    func file(_ pages: [Page]) -> [UInt8] {
        var file: [UInt8] = isBigEndian ? [0x4D, 0x4D] : [0x49, 0x49]
        file += isLarge ? number(43, 2) + number(8, 2) + number(0, 2) : number(42, 2)
        // Where the place of the next directory is to be written.
        var link = file.count
        file += number(0, width)
        for page in pages {
            var starts: [Int] = []
            for strip in page.strips {
                if file.count % 2 == 1 { file.append(0) }
                starts.append(file.count)
                file += strip
            }
            var fields: [(tag: Int, type: Int, values: [Int])] = [
                (256, 4, [page.width]), (257, 4, [page.height]), (258, 3, page.bits), (259, 3, [1]),
                (262, 3, [page.photometric]), (273, 4, starts), (277, 3, [page.bits.count]), (278, 4, [page.height]),
                (279, 4, page.strips.map(\.count)), (284, 3, [page.isPlanar ? 2 : 1]),
            ]
            let replaced = Set(page.shorts.map(\.tag))
            fields.removeAll { replaced.contains($0.tag) }
            fields += page.shorts.map { ($0.tag, 3, $0.values) }
            fields.sort { $0.tag < $1.tag }
            var entries: [UInt8] = []
            for field in fields {
                let bytes = field.values.flatMap { number($0, field.type == 3 ? 2 : 4) }
                entries += number(field.tag, 2) + number(field.type, 2) + number(field.values.count, width)
                if bytes.count <= width {
                    entries += bytes + [UInt8](repeating: 0, count: width - bytes.count)
                } else {
                    if file.count % 2 == 1 { file.append(0) }
                    entries += number(file.count, width)
                    file += bytes
                }
            }
            if file.count % 2 == 1 { file.append(0) }
            file.replaceSubrange(link..<(link + width), with: number(file.count, width))
            file += number(fields.count, isLarge ? 8 : 2) + entries
            link = file.count
            file += number(0, width)
        }
        return file
    }

    private var width: Int { isLarge ? 8 : 4 }

    func number(_ value: Int, _ count: Int) -> [UInt8] {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        return isBigEndian ? bytes.reversed() : bytes
    }

    /// Floating-point numbers of 32 bits.
    func floats(_ values: [Double]) -> [UInt8] { values.flatMap { number(Int(Float($0).bitPattern), 4) } }

    /// Numbers of 16 bits.
    func shorts(_ values: [Int]) -> [UInt8] { values.flatMap { number($0, 2) } }
}
