import Crypto

/// SHA-256 digests in lower-case hexadecimal, the form of every checksum in records and object metadata.
package enum Checksum {
    package static func sha256(_ bytes: [UInt8]) -> String {
        bytes.withUnsafeBytes { hex(SHA256.hash(data: $0)) }
    }

    package static func sha256(_ text: String) -> String { sha256(Array(text.utf8)) }

    package static func hex(_ digest: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
