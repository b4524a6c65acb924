import Foundation

/// What only a camera's own directory says: the lens, and the sensitivity where the Exif directory has none.
///
/// libexif reads these notes for a person's eye; here they are read for their values. The tags are those of the makers,
/// as ExifTool's documentation lists them.
struct MakerNote {
    private(set) var lens: String?
    private(set) var iso: Int?

    mutating func fill(from other: MakerNote) {
        lens = lens ?? other.lens
        iso = iso ?? other.iso
    }

    /// Reads the note of a structure's Exif directory.
    mutating func read(from structure: TIFFStructure) {
        let main = structure.main
        let exif = structure.directory(of: main[0x8769])
        guard let entry = exif[0x927C] ?? main[0x927C], let note = structure.data(entry) else {
            readWithoutNote(structure, main)
            return
        }
        let make = structure.text(main[0x010F]) ?? ""
        let start = entry.start
        // In the note's own order of bytes, with offsets that count from the file's or the note's beginning.
        func directory(
            _ skip: Int, base: Int? = nil, isBigEndian: Bool? = nil
        ) -> (TIFFStructure, TIFFStructure.Directory) {
            let order = isBigEndian ?? Self.order(structure, at: start + skip)
            let inner = TIFFStructure(
                structure.bytes, isBigEndian: order, base: base ?? structure.base, first: start + skip)
            return (inner, inner.main)
        }
        if note.has("Nikon\0\u{2}") {
            guard let inner = TIFFStructure(structure.bytes, at: start + 10) else { return }
            readNikon(inner, inner.main)
        } else if note.has("Nikon\0\u{1}") {
            return
        } else if note.has("OLYMPUS\0") {
            let (inner, tags) = directory(12, base: start, isBigEndian: note.has("MM", at: 8))
            readOlympus(inner, tags)
        } else if note.has("OM SYSTEM\0") {
            let (inner, tags) = directory(16, base: start, isBigEndian: note.has("MM", at: 12))
            readOlympus(inner, tags)
        } else if note.has("OLYMP\0") {
            let (inner, tags) = directory(8)
            readOlympus(inner, tags)
        } else if note.has("Panasonic\0") {
            let (inner, tags) = directory(12)
            lens = lens ?? inner.text(tags[0x51])
        } else if note.has("AOC\0") {
            let (inner, tags) = directory(6, isBigEndian: note.has("MM", at: 4) ? true : nil)
            readPentax(inner, tags)
        } else if note.has("PENTAX \0") {
            let (inner, tags) = directory(10, base: start, isBigEndian: note.has("MM", at: 8))
            readPentax(inner, tags)
        } else if note.has("QVC\0") {
            let (inner, tags) = directory(6)
            readCasio(inner, tags)
        } else if note.has("KDK") {
            // A fixed layout, in the order of bytes that its label tells.
            let offset = 8 + 0x60
            iso = iso ?? Self.positive(note.has("KDK INFO") ? note.big(offset, 2) : note.little(offset, 2))
        } else if make.hasPrefix("Canon") {
            var (inner, tags) = directory(0)
            // The camera settings begin with their own length. Where they don't, an editor has moved the note without
            // its offsets: the values stand not far behind the directory, which tells how far it went.
            if let settings = tags[0x0001], inner.integer(settings) != settings.length {
                let nearest = tags.values.filter { $0.length > 4 }.map(\.start).min() ?? settings.start
                let behind = start + 2 + 12 * (inner.uint16(start) ?? 0) + 4
                for gap in stride(from: 0, through: 64, by: 2) {
                    let (moved, values) = directory(0, base: inner.base + behind + gap - nearest)
                    guard let settings = values[0x0001], moved.integer(settings) == settings.length else { continue }
                    (inner, tags) = (moved, values)
                    break
                }
            }
            readCanon(inner, tags)
        } else if make.uppercased().hasPrefix("NIKON") {
            let (inner, tags) = directory(0)
            readNikon(inner, tags)
        } else if make.hasPrefix("CASIO") {
            let (inner, tags) = directory(0)
            iso = iso ?? Self.positive(inner.integer(tags[0x14]))
        }
    }

    /// Panasonic's RAW files say in their first directory what others say in the Exif directory.
    private mutating func readWithoutNote(_ structure: TIFFStructure, _ main: TIFFStructure.Directory) {
        if structure.uint16(structure.base + 2) == 0x55 { iso = iso ?? Self.positive(structure.integer(main[0x17])) }
    }

    /// Which order of bytes gives a directory a number of entries that it can have.
    private static func order(_ structure: TIFFStructure, at offset: Int) -> Bool {
        guard let count = structure.uint16(offset) else { return structure.isBigEndian }
        return (1...255).contains(count) ? structure.isBigEndian : !structure.isBigEndian
    }

    private static func positive(_ value: Int?) -> Int? { value.flatMap { (1...10_000_000).contains($0) ? $0 : nil } }

    // MARK: Makers

    mutating func readCanon(_ note: TIFFStructure, _ tags: TIFFStructure.Directory) {
        // The longest and the shortest focal length, and how many units a millimetre has.
        if let settings = tags[0x0001], let units = note.number(settings, at: 25), units > 0 {
            let (long, short) = (note.number(settings, at: 23), note.number(settings, at: 24))
            lens = lens ?? note.text(tags[0x0095]) ?? Self.lens([short.map { $0 / units }, long.map { $0 / units }])
        }
        lens = lens ?? note.text(tags[0x0095])
        guard iso == nil else { return }
        if let code = note.integer(tags[0x0001], at: 16), code != 0x7FFF {
            let known = [16: 50, 17: 100, 18: 200, 19: 400, 20: 800]
            iso = Self.positive(code & 0x4000 != 0 ? code & 0x3FFF : known[code])
        }
        // In 32nds of a stop: the base sensitivity from 100/32 on, the automatic one in percent of it.
        if iso == nil, let base = note.integer(tags[0x0004], at: 2), let automatic = note.integer(tags[0x0004], at: 1),
            base > 0, (1...1000).contains(base), (0...1000).contains(automatic)
        {
            let value = exp2(Double(base) / 32) * 100 / 32 * exp2(Double(automatic) / 32)
            iso = Self.positive(Int(exactly: value.rounded()))
        }
    }

    private mutating func readNikon(_ note: TIFFStructure, _ tags: TIFFStructure.Directory) {
        iso = iso ?? Self.positive(note.integer(tags[0x0002], at: 1))
        guard lens == nil, let entry = tags[0x0084] else { return }
        lens = Self.lens((0..<4).map { note.number(entry, at: $0) })
    }

    private mutating func readOlympus(_ note: TIFFStructure, _ tags: TIFFStructure.Directory) {
        guard lens == nil, let entry = tags[0x2010] else { return }
        // Older cameras keep the directory itself where newer ones keep its offset.
        let equipment = entry.type == 7 ? note.directory(at: entry.start) : note.directory(of: entry)
        lens = note.text(equipment[0x0203])
    }

    private mutating func readCasio(_ note: TIFFStructure, _ tags: TIFFStructure.Directory) {
        let codes = [3: 50, 4: 64, 6: 100, 9: 200]
        iso = iso ?? note.integer(tags[0x14]).flatMap { codes[$0] } ?? Self.positive(note.integer(tags[0x3014]))
    }

    private mutating func readPentax(_ note: TIFFStructure, _ tags: TIFFStructure.Directory) {
        guard iso == nil, let code = note.integer(tags[0x14]) else { return }
        iso = Self.pentaxISO[code] ?? (code > 65 && code < 258 ? nil : Self.positive(code >= 50 ? code : nil))
    }

    private static let pentaxISO: [Int: Int] = [
        3: 50, 4: 64, 5: 80, 6: 100, 7: 125, 8: 160, 9: 200, 10: 250, 11: 320, 12: 400, 13: 500, 14: 640, 15: 800,
        16: 1000, 17: 1250, 18: 1600, 19: 2000, 20: 2500, 21: 3200, 22: 4000, 23: 5000, 24: 6400, 25: 8000,
        26: 10000, 27: 12800, 28: 16000, 29: 20000, 30: 25600, 31: 32000, 32: 40000, 33: 51200,
        258: 50, 259: 70, 260: 100, 261: 140, 262: 200, 263: 280, 264: 400, 265: 560, 266: 800, 267: 1100, 268: 1600,
        269: 2200, 270: 3200, 271: 4500, 272: 6400, 273: 9000, 274: 12800, 275: 18000, 276: 25600, 277: 36000,
        278: 51200,
    ]

    /// A lens by its shortest and longest focal length and the f-numbers at these, as photographers write it.
    static func lens(_ numbers: [Double?]) -> String? {
        guard numbers.count >= 2, let short = numbers[0], let long = numbers[1], short > 0, long >= short,
            long < 100_000
        else { return nil }
        func plain(_ value: Double) -> String {
            let rounded = (value * 10).rounded() / 10
            return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
        }
        func range(_ low: Double, _ high: Double) -> String {
            low == high ? plain(low) : "\(plain(low))-\(plain(high))"
        }
        let focal = range(short, long) + "mm"
        guard numbers.count >= 4, let wide = numbers[2], wide > 0, wide < 1000 else { return focal }
        return focal + " f/" + range(wide, numbers[3].flatMap { $0 > 0 && $0 < 1000 ? $0 : nil } ?? wide)
    }
}
