import RenditionCore

/// The chunks of a PNG file (PNG, third edition, sections 5 and 11).
enum PNGLook {
    /// More chunks beside the pixels than any program writes.
    private static let mostChunks = 10_000

    static func look(_ bytes: UnsafeRawBufferPointer, _ limits: RenderLimits) -> Look {
        var look = Look()
        var place = PNGContainer.signature.count
        var chunks = 0
        while let length = bytes.big(place, 4), let kind = bytes.part(place + 4, 4) {
            let isPixels = kind.has("IDAT") || kind.has("fdAT")
            guard let body = bytes.part(place + 8, length) else {
                // Pixels may be cut off, which their decoder notices. Of any other chunk memory is taken as it is told.
                if !isPixels {
                    let name = String(decoding: kind, as: UTF8.self).printable
                    look.damage = "a chunk \(name) of \(length) bytes in a file of \(bytes.count)"
                }
                break
            }
            if kind.has("IHDR") { readHeader(body, &look) }
            if kind.has("zTXt") || kind.has("iTXt") || kind.has("iCCP") {
                look.metadata += unpackedLength(kind, body, limit: limits.metadata - look.metadata + 1)
                if look.metadata > limits.metadata { break }
            }
            if kind.has("IEND") { break }
            if !isPixels {
                chunks += 1
                if chunks > mostChunks {
                    look.damage = "more than \(mostChunks) chunks beside the pixels"
                    break
                }
            }
            place += 12 + length
        }
        return look
    }

    private static func readHeader(_ header: UnsafeRawBufferPointer, _ look: inout Look) {
        guard let width = header.big(0, 4), let height = header.big(4, 4), let depth = header.big(8, 1),
            let colour = header.big(9, 1)
        else { return }
        let size = PixelSize(width: width, height: height)
        look.add(size)
        let channels = [2: 3, 4: 2, 6: 4][colour] ?? 1
        // Interlaced pixels are all kept until the last pass.
        if header.big(12, 1) == 1 { look.held = size.pixels.times(channels, max(1, depth / 8)) }
    }

    /// What a chunk's compressed part unpacks to, or more than the limit.
    private static func unpackedLength(
        _ kind: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer, limit: Int
    ) -> Int {
        guard let end = body.zero(from: 0, within: 80) else { return 0 }
        var start = end + 2
        if kind.has("iTXt") {
            guard body.big(end + 1, 1) == 1, let language = body.zero(from: end + 3, within: body.count),
                let translated = body.zero(from: language + 1, within: body.count)
            else { return 0 }
            start = translated + 1
        }
        guard let packed = body.part(from: start) else { return 0 }
        // Deflate stands for 1032 times its length at most.
        return packed.count.times(1032) <= 1 << 20 ? packed.count : Inflate.length(packed, limit: limit)
    }
}
