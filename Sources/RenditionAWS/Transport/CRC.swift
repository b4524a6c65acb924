/// Cyclic redundancy checks in the reflected, table-driven form (ISO 3309; NVM Express, section 5.2.1.3.4).
///
/// A value: bytes go in with ``update(_:)``, in any number of pieces.
package struct CRC<Word: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
    private let table: [Word]
    private var state = Word.max

    fileprivate init(polynomial: Word) {
        table = (0..<256).map { index in
            (0..<8).reduce(Word(index)) { word, _ in word & 1 == 1 ? word >> 1 ^ polynomial : word >> 1 }
        }
    }

    package mutating func update(_ bytes: some Sequence<UInt8>) {
        var word = state
        table.withUnsafeBufferPointer { table in
            for byte in bytes { word = word >> 8 ^ table[Int(UInt8(truncatingIfNeeded: word) ^ byte)] }
        }
        state = word
    }

    package var value: Word { ~state }

    /// The value's bytes, most significant first, as S3's headers carry them in Base64.
    package var bytes: [UInt8] { withUnsafeBytes(of: value.bigEndian, Array.init) }
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
        bytes.withUnsafeBufferPointer { check.update($0) }
        return check
    }
}
