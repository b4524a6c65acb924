import Foundation

/// Builds the URLs under which a browser reads objects.
package struct PublicURLs: Sendable, Hashable {
    /// What stands before the key's path, without a trailing slash, for each bucket.
    private let bases: [Bucket: String]

    /// - Parameters:
    ///   - endpoint: The object store as a browser reaches it, such as `http://localhost:4566`.
    ///   - names: The buckets' names.
    ///   - cdnDomain: The host of rendition URLs in production; nil elsewhere.
    package init(endpoint: String, names: BucketNames, cdnDomain: String? = nil) {
        let root = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
        var bases: [Bucket: String] = [:]
        for bucket in Bucket.allCases {
            bases[bucket] = "\(root)/\(Self.encoded(names[bucket]))"
        }
        // The CDN stands before the renditions; originals aren't public.
        if let cdnDomain { bases[.renditions] = "https://\(cdnDomain)" }
        self.bases = bases
    }

    /// The URL of an object.
    ///
    /// - Parameter version: A short hash of the object's bytes. Keys are stable and cached for a year, so a rendition's
    ///   URL changes with its content.
    package func url(_ bucket: Bucket, key: String, version: String? = nil) -> String {
        let url = "\(bases[bucket] ?? "")/\(Self.encoded(key))"
        return version.map { "\(url)?v=\($0)" } ?? url
    }

    /// Percent-encodes everything but RFC 3986's unreserved characters and the slash.
    package static func encoded(_ path: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(path.utf8.count)
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "/"):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
