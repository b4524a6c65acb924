/// Cyclic redundancy checks in the reflected, table-driven form (ISO 3309; NVM Express, section 5.2.1.3.4), eight bytes at
/// a time.
///
/// A value: bytes go in with ``update(_:)``, in any number of pieces.
package struct CRC<Word: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
    /// What a byte does to the word, and behind it what it does with one to seven bytes after it. Words of any width stand
    /// in the low bits of wide ones, so that one loop serves all.
    private let table: [UInt64]
    private var state = UInt64(Word.max)

    fileprivate init(polynomial: Word) {
        var table = (0..<256).map { index in
            (0..<8).reduce(UInt64(index)) { word, _ in
                word & 1 == 1 ? word >> 1 ^ UInt64(polynomial) : word >> 1
            }
        }
        for index in 256..<(8 * 256) {
            let before = table[index - 256]
            table.append(before >> 8 ^ table[Int(before & 0xFF)])
        }
        self.table = table
    }

    package mutating func update(_ bytes: UnsafeBufferPointer<UInt8>) { state = advance(state, table, bytes) }

    package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { update($0) } }

    package var value: Word { ~Word(truncatingIfNeeded: state) }

    /// The value's bytes, most significant first, as S3's headers carry them in Base64.
    package var bytes: [UInt8] { withUnsafeBytes(of: value.bigEndian, Array.init) }
}

/// Stands outside the generic type, where it is quick in a debug build too.
private func advance(_ state: UInt64, _ table: [UInt64], _ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    guard var next = bytes.baseAddress else { return state }
    let end = next + bytes.count
    var word = state
    table.withUnsafeBufferPointer { table in
        while end - next >= 8 {
            let eight = word ^ UInt64(littleEndian: UnsafeRawPointer(next).loadUnaligned(as: UInt64.self))
            // The first byte has seven after it.
            word = table[7 << 8 | Int(eight & 0xFF)] ^ table[6 << 8 | Int(eight &>> 8 & 0xFF)]
            word ^= table[5 << 8 | Int(eight &>> 16 & 0xFF)] ^ table[4 << 8 | Int(eight &>> 24 & 0xFF)]
            word ^= table[3 << 8 | Int(eight &>> 32 & 0xFF)] ^ table[2 << 8 | Int(eight &>> 40 & 0xFF)]
            word ^= table[1 << 8 | Int(eight &>> 48 & 0xFF)] ^ table[Int(eight &>> 56)]
            next += 8
        }
        while next < end {
            word = word &>> 8 ^ table[Int(UInt8(truncatingIfNeeded: word) ^ next.pointee)]
            next += 1
        }
    }
    return word
}

extension CRC<UInt32> {
    package static let crc32 = CRC(polynomial: 0xEDB8_8320)
    package static let crc32c = CRC(polynomial: 0x82F6_3B78)
}

extension CRC<UInt64> {
    package static let crc64NVME = CRC(polynomial: 0x9A6C_9329_AC4B_C9B5)
}

extension CRC {
    /// The check of a whole message.
    package func of(_ bytes: [UInt8]) -> CRC {
        var check = self
        check.update(bytes)
        return check
    }
}
