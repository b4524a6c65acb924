import Glibc
import RenditionCore

/// The frames and scans of a JPEG file (ITU-T T.81, annex B).
enum JPEGLook {
    private struct Frame {
        var marker: Int
        var size: PixelSize
        /// 8 × 8 blocks of each component.
        var blocks: [Int]

        /// Whether one scan brings all of a component's detail.
        var isSequential: Bool { [0xC0, 0xC1, 0xC9].contains(marker) }
        var isArithmetic: Bool { marker >= 0xC9 }
    }

    /// Scans are searched for only where there can be several: a camera's photo costs no more than its header.
    static func look(_ bytes: UnsafeRawBufferPointer, _ limits: RenderLimits) -> Look {
        var look = Look()
        look.scans = 0
        var frame: Frame?
        var place = 2
        while let found = nextMarker(bytes, from: place) {
            let marker = Int(bytes[found + 1])
            place = found + 2
            // Those without a length. Behind the end of the image there are other pictures, or nothing.
            if marker == 0x01 || (0xD0...0xD8).contains(marker) { continue }
            if marker == 0xD9 { break }
            guard let length = bytes.big(place, 2), length >= 2 else { break }
            if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) {
                if let one = self.frame(bytes.part(place + 2, length - 2), marker) {
                    look.add(one.size)
                    frame = frame ?? one
                }
            } else if marker == 0xDA {
                look.scans += 1
                let components = bytes.big(place + 2, 1) ?? 0
                if look.scans == 1, let frame, frame.isSequential, components >= frame.blocks.count { break }
                if look.scans > limits.scans { break }
            }
            place += length
        }
        judge(frame, bytes.count, &look)
        return look
    }

    /// Finds the next marker: an 0xFF with neither a stuffed zero nor a restart's number nor another 0xFF behind it.
    private static func nextMarker(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var place = start
        while place < bytes.count - 1 {
            guard let found = bytes[place...].firstByte(0xFF), found < bytes.count - 1 else { return nil }
            let next = bytes[found + 1]
            if next != 0, next != 0xFF, !(0xD0...0xD7).contains(next) { return found }
            place = next == 0xFF ? found + 1 : found + 2
        }
        return nil
    }

    private static func frame(_ body: UnsafeRawBufferPointer?, _ marker: Int) -> Frame? {
        guard let body, let height = body.big(1, 2), let width = body.big(3, 2), let count = body.big(5, 1) else {
            return nil
        }
        let factors = (0..<count).compactMap { index in body.big(7 + 3 * index, 1).map { ($0 >> 4, $0 & 15) } }
        guard factors.count == count, let across = factors.map(\.0).max(), let down = factors.map(\.1).max(),
            across > 0, down > 0
        else { return nil }
        let blocks = factors.map { factor in
            let columns = (width * factor.0 + 8 * across - 1) / (8 * across)
            let rows = (height * factor.1 + 8 * down - 1) / (8 * down)
            return columns * rows
        }
        return Frame(marker: marker, size: PixelSize(width: width, height: height), blocks: blocks)
    }

    private static func judge(_ frame: Frame?, _ count: Int, _ look: inout Look) {
        guard let frame else { return }
        let isBuffered = !frame.isSequential || look.scans > 1
        // Where there are several scans, all coefficients are kept until the last has come: 64 of two bytes a block.
        if isBuffered { look.held = frame.blocks.reduce(0, +) * 128 }
        // Huffman's shortest code has one bit: a block of a sequential file has two at least, one for its mean value and one
        // that says there is no more; of a progressive file, the first.
        let bits = (frame.blocks.max() ?? 0) * (frame.isSequential ? 2 : 1)
        if !frame.isArithmetic, bits > count * 8 {
            look.damage = "\(frame.size) pixels in \(count) bytes, of which they need \(bits / 8) at least"
        }
    }
}

extension Slice<UnsafeRawBufferPointer> {
    /// Where a byte stands first, by the C library's search, which looks at many bytes at once.
    fileprivate func firstByte(_ byte: UInt8) -> Int? {
        let bytes = UnsafeRawBufferPointer(rebasing: self)
        guard let start = bytes.baseAddress, let found = memchr(start, Int32(byte), bytes.count) else { return nil }
        return startIndex + (UnsafeRawPointer(found) - start)
    }
}
