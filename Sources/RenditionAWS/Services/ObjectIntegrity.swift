import Crypto
import Foundation
import RenditionCore

/// Looks whether an object came whole and unchanged.
///
/// The checksum that S3 keeps of the whole object, where it sends one; else the ETag, which is the MD5 of an object that
/// was written in one request and not encrypted by a key of KMS or of the customer.
///
/// Source: Amazon S3 User Guide, "Checking object integrity"; Amazon S3 API Reference, "Object".
package enum ObjectIntegrity {
    /// - Returns: what is wrong, or nil.
    package static func problem(with response: WireResponse) -> String? {
        let body = response.body
        if let expected = response["content-length"].flatMap(Int.init), expected != body.count {
            return "\(body.count) of \(expected) bytes came"
        }
        // A checksum of checksums speaks of the parts, whose borders aren't known here.
        if response["x-amz-checksum-type"] != "COMPOSITE" {
            for (name, digest) in checks {
                guard let expected = response["x-amz-checksum-\(name)"], !expected.contains("-") else { continue }
                return Data(digest(body)).base64EncodedString() == expected ? nil : "its \(name) checksum is another"
            }
        }
        guard let etag = response["etag"]?.trimmingCharacters(in: ["\""]), isMD5(etag), !isEncryptedByKey(response)
        else { return nil }
        return Checksum.hex(Insecure.MD5.hash(data: body)) == etag ? nil : "its MD5 is not its ETag"
    }

    private static let checks: [(String, @Sendable ([UInt8]) -> [UInt8])] = [
        ("sha256", { Array(SHA256.hash(data: $0)) }),
        ("sha1", { Array(Insecure.SHA1.hash(data: $0)) }),
        ("crc64nvme", { CRC<UInt64>.crc64NVME.of($0).bytes }),
        ("crc32c", { CRC<UInt32>.crc32c.of($0).bytes }),
        ("crc32", { CRC<UInt32>.crc32.of($0).bytes }),
    ]

    private static func isMD5(_ etag: String) -> Bool {
        etag.utf8.count == 32 && etag.allSatisfy { $0.isHexDigit && !$0.isUppercase }
    }

    private static func isEncryptedByKey(_ response: WireResponse) -> Bool {
        response["x-amz-server-side-encryption"]?.hasPrefix("aws:kms") == true
            || response["x-amz-server-side-encryption-customer-algorithm"] != nil
    }
}
