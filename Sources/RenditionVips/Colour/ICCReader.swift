import Foundation

/// Reads the elements of an ICC profile, never past its end (ICC.1:2022, sections 7.3 and 10).
struct ICCReader {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func text(_ offset: Int, _ length: Int) -> String? {
        guard offset >= 0, length >= 0, offset + length <= bytes.count else { return nil }
        return String(decoding: bytes[offset..<(offset + length)], as: UTF8.self)
    }

    private func integer(_ offset: Int, _ length: Int) -> Int? {
        guard offset >= 0, offset + length <= bytes.count else { return nil }
        return bytes[offset..<(offset + length)].reduce(0) { $0 << 8 | Int($1) }
    }

    /// An s15Fixed16Number.
    private func fixed(_ offset: Int) -> Double? {
        integer(offset, 4).map { Double(Int32(truncatingIfNeeded: $0)) / 65536 }
    }

    /// The tag table: each tag's bytes by its signature.
    func tags() -> [String: Range<Int>]? {
        guard let count = integer(128, 4), count <= 200 else { return nil }
        var tags: [String: Range<Int>] = [:]
        for index in 0..<count {
            let entry = 132 + index * 12
            guard let name = text(entry, 4), let offset = integer(entry + 4, 4), let length = integer(entry + 8, 4),
                offset >= 128, offset + length <= bytes.count
            else { continue }
            tags[name] = offset..<(offset + length)
        }
        return tags
    }

    /// An XYZType of one number.
    func xyz(_ tag: Range<Int>) -> [Double]? {
        guard tag.count >= 20, text(tag.lowerBound, 4) == "XYZ " else { return nil }
        let values = [8, 12, 16].compactMap { fixed(tag.lowerBound + $0) }
        return values.count == 3 ? values : nil
    }

    /// A curveType or parametricCurveType as a function from the encoded value to light, both 0–1.
    func curve(_ tag: Range<Int>) -> ((Double) -> Double)? {
        switch text(tag.lowerBound, 4) {
        case "curv": sampledCurve(tag)
        case "para": parametricCurve(tag)
        default: nil
        }
    }

    private func sampledCurve(_ tag: Range<Int>) -> ((Double) -> Double)? {
        guard let count = integer(tag.lowerBound + 8, 4), count <= 65536, tag.count >= 12 + 2 * count else {
            return nil
        }
        if count == 0 { return { $0 } }
        let table = (0..<count).compactMap { integer(tag.lowerBound + 12 + 2 * $0, 2) }.map(Double.init)
        if count == 1 {
            let gamma = table[0] / 256
            return { pow($0, gamma) }
        }
        return { value in
            let position = value * Double(count - 1)
            let index = min(Int(position), count - 2)
            let share = position - Double(index)
            return (table[index] * (1 - share) + table[index + 1] * share) / 65535
        }
    }

    private func parametricCurve(_ tag: Range<Int>) -> ((Double) -> Double)? {
        guard let type = integer(tag.lowerBound + 8, 2), (0...4).contains(type) else { return nil }
        let count = [1, 3, 4, 5, 7][type]
        let p = (0..<count).compactMap { fixed(tag.lowerBound + 12 + 4 * $0) }
        guard p.count == count, tag.count >= 12 + 4 * count else { return nil }
        let gamma = p[0]
        switch type {
        case 0: return { pow($0, gamma) }
        case 1: return { $0 >= -p[2] / p[1] ? pow(p[1] * $0 + p[2], gamma) : 0 }
        case 2: return { $0 >= -p[2] / p[1] ? pow(p[1] * $0 + p[2], gamma) + p[3] : p[3] }
        case 3: return { $0 >= p[4] ? pow(p[1] * $0 + p[2], gamma) : p[3] * $0 }
        default: return { $0 >= p[4] ? pow(p[1] * $0 + p[2], gamma) + p[5] : p[3] * $0 + p[6] }
        }
    }

    /// A textDescriptionType (version 2) or the first entry of a multiLocalizedUnicodeType.
    func description(_ tag: Range<Int>) -> String? {
        let start = tag.lowerBound
        let found: String?
        switch text(start, 4) {
        case "desc":
            found = integer(start + 8, 4).flatMap { text(start + 12, min($0, tag.count - 12)) }
        case "mluc":
            guard let length = integer(start + 20, 4), let offset = integer(start + 24, 4), length <= 512,
                offset + length <= tag.count
            else { return nil }
            let units = stride(from: start + offset, to: start + offset + length - 1, by: 2)
                .compactMap { integer($0, 2).map(UInt16.init) }
            found = String(decoding: units, as: UTF16.self)
        default:
            found = nil
        }
        let name = found?.prefix { $0 != "\0" }.filter { !$0.unicodeScalars.contains { $0.value < 32 } }
        return name.flatMap { $0.isEmpty ? nil : String($0.prefix(80)) }
    }
}
