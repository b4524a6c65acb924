/// Builds small ICC profiles of displays and of grey pictures.
///
/// An ICC version 4.3 display profile with a matrix adapted to D50 and one curve that its channels share (ICC.1:2010,
/// sections 8.3.3, 8.3.4 and 10.15).
enum CompactProfile {
    /// The way from an encoded value to light, both 0–1.
    enum Curve: Equatable {
        /// The transfer function of IEC 61966-2-1.
        case sRGB
        /// A power of the encoded value.
        case gamma(Double)
        /// Light at evenly spaced values, at least two of them.
        case table([Double])
    }

    /// - Parameters:
    ///   - primaries: X, Y and Z of red, green and blue, adapted to D50.
    ///   - adaptation: The matrix that adapted them, row by row.
    static func build(
        _ name: String, primaries: [[Double]], curve: Curve = .sRGB, adaptation: [Double] = adaptationFromD65
    ) -> [UInt8] {
        assemble(
            "RGB ",
            common(name, adaptation) + [
                (["rXYZ"], element("XYZ ", primaries[0].flatMap(fixed))),
                (["gXYZ"], element("XYZ ", primaries[1].flatMap(fixed))),
                (["bXYZ"], element("XYZ ", primaries[2].flatMap(fixed))),
                (["rTRC", "gTRC", "bTRC"], bytes(of: curve)),
            ])
    }

    /// A profile for one channel.
    static func grey(_ name: String, curve: Curve) -> [UInt8] {
        assemble("GRAY", common(name, adaptationFromD65) + [(["kTRC"], bytes(of: curve))])
    }

    private typealias Element = (names: [String], bytes: [UInt8])

    private static func common(_ name: String, _ adaptation: [Double]) -> [Element] {
        [
            (["desc"], unicode(name)),
            (["cprt"], unicode("CC0")),
            (["wtpt"], element("XYZ ", d50)),
            (["chad"], element("sf32", adaptation.flatMap(fixed))),
        ]
    }

    private static func assemble(_ space: String, _ elements: [Element]) -> [UInt8] {
        let count = elements.reduce(0) { $0 + $1.names.count }
        var table = uint32(count)
        var data: [UInt8] = []
        for element in elements {
            let offset = 128 + 4 + 12 * count + data.count
            for name in element.names { table += Array(name.utf8) + uint32(offset) + uint32(element.bytes.count) }
            data += element.bytes
            while data.count % 4 != 0 { data.append(0) }
        }
        return header(space, size: 128 + table.count + data.count) + table + data
    }

    /// The profile header (ICC.1:2010, section 7.2).
    private static func header(_ space: String, size: Int) -> [UInt8] {
        var header = uint32(size) + uint32(0) + [4, 0x30, 0, 0]
        header += Array("mntr\(space)XYZ ".utf8)
        header += [2026, 1, 1, 0, 0, 0].flatMap(uint16)
        header += Array("acsp".utf8)
        header += [UInt8](repeating: 0, count: 24)
        header += uint32(1)  // Relative colorimetric.
        header += d50
        return header + [UInt8](repeating: 0, count: 128 - header.count)
    }

    /// The white of the profile connection space, X 0.9642, Y 1, Z 0.8249.
    private static let d50: [UInt8] = uint32(0xF6D6) + uint32(0x10000) + uint32(0xD32D)

    /// Bradford's adaptation from D65 to D50, row by row.
    static let adaptationFromD65 = [
        1.047882, 0.022918, -0.050217, 0.029587, 0.990479, -0.017059, -0.009247, 0.015076, 0.751678,
    ]

    private static func bytes(of curve: Curve) -> [UInt8] {
        switch curve {
        case .sRGB:
            element("para", uint16(3) + uint16(0) + [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045].flatMap(fixed))
        case .gamma(let exponent):
            element("para", uint16(0) + uint16(0) + fixed(exponent))
        case .table(let light):
            element(
                "curv", uint32(light.count) + light.flatMap { uint16(Int((min(1, max(0, $0)) * 65535).rounded())) })
        }
    }

    private static func element(_ type: String, _ body: [UInt8]) -> [UInt8] {
        Array(type.utf8) + uint32(0) + body
    }

    /// A multiLocalizedUnicodeType with one entry, in English.
    private static func unicode(_ text: String) -> [UInt8] {
        let units = text.utf16.flatMap { uint16(Int($0)) }
        return element("mluc", uint32(1) + uint32(12) + Array("enUS".utf8) + uint32(units.count) + uint32(28) + units)
    }

    private static func uint16(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 255), UInt8(value & 255)] }

    private static func uint32(_ value: Int) -> [UInt8] { uint16(value >> 16 & 0xFFFF) + uint16(value & 0xFFFF) }

    private static func fixed(_ value: Double) -> [UInt8] {
        let scaled = min(Double(Int32.max), max(Double(Int32.min), (value * 65536).rounded()))
        return uint32(Int(UInt32(bitPattern: Int32(scaled))))
    }
}
