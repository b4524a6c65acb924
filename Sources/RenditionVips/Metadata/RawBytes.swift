/// Reading in a stranger's bytes, where no offset or length may be trusted.
extension UnsafeRawBufferPointer {
    /// A part, without copying; nil where it doesn't lie inside.
    func part(_ start: Int, _ length: Int) -> UnsafeRawBufferPointer? {
        guard start >= 0, length >= 0, start <= count, length <= count - start else { return nil }
        return UnsafeRawBufferPointer(rebasing: self[start..<start + length])
    }

    /// Everything from a place on; nil where that lies outside.
    func part(from start: Int) -> UnsafeRawBufferPointer? { part(start, count - start) }

    /// A big-endian number of 1 to 8 bytes; nil where it doesn't lie inside or is too large for this machine.
    func big(_ start: Int, _ width: Int) -> Int? {
        part(start, width).flatMap { Int(exactly: $0.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }) }
    }

    /// A little-endian number of 1 to 8 bytes.
    func little(_ start: Int, _ width: Int) -> Int? {
        part(start, width).flatMap { Int(exactly: $0.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }) }
    }

    /// Whether a text stands at a place.
    func has(_ text: String, at start: Int = 0) -> Bool {
        part(start, text.utf8.count)?.elementsEqual(text.utf8) == true
    }

    /// Where the first zero from a place on stands.
    func zero(from start: Int, within length: Int) -> Int? {
        guard start >= 0, start < count else { return nil }
        return self[start..<Swift.min(count, start + length)].firstIndex(of: 0)
    }
}
