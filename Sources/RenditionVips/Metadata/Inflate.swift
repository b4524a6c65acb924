import CZlib

/// Unpacks zlib streams (RFC 1950), as PNG's compressed text chunks hold them.
enum Inflate {
    /// - Parameter limit: The most bytes that may come out: a few bytes can stand for gigabytes.
    /// - Returns: What came out up to the first damage or the limit; nil where nothing did.
    static func bytes(_ packed: UnsafeRawBufferPointer, limit: Int) -> [UInt8]? {
        var unpacked: [UInt8] = []
        forEachPart(packed, limit: limit) { unpacked += $0 }
        return unpacked.isEmpty ? nil : unpacked
    }

    /// How much would come out, up to the first damage or the limit. Nothing of it is kept.
    static func length(_ packed: UnsafeRawBufferPointer, limit: Int) -> Int {
        var length = 0
        forEachPart(packed, limit: limit) { length += $0.count }
        return length
    }

    private static func forEachPart(
        _ packed: UnsafeRawBufferPointer, limit: Int, _ body: (ArraySlice<UInt8>) -> Void
    ) {
        guard let start = packed.baseAddress, !packed.isEmpty, limit > 0 else { return }
        var stream = z_stream()
        guard shim_inflate_init(&stream) == Z_OK else { return }
        defer { inflateEnd(&stream) }
        stream.next_in = UnsafeMutablePointer(mutating: start.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(clamping: packed.count)
        var count = 0
        var part = [UInt8](repeating: 0, count: 65536)
        var status = Z_OK
        while status == Z_OK, count < limit {
            let made = part.withUnsafeMutableBufferPointer { buffer in
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(buffer.count)
                status = inflate(&stream, Z_NO_FLUSH)
                return buffer.count - Int(stream.avail_out)
            }
            if made == 0 { break }
            let kept = min(made, limit - count)
            count += kept
            body(part[..<kept])
        }
    }
}
