import RenditionCore

/// The canvas, the frames and their bit streams in a WebP file (RFC 9649, section 2; RFC 6386, section 9.1).
enum WebPLook {
    static func look(_ bytes: UnsafeRawBufferPointer, _ limits: RenderLimits) -> Look {
        var look = Look()
        look.frames = 0
        read(bytes, from: 12, &look, limits, inFrame: false)
        look.frames = max(1, look.frames)
        // Lossless pixels are decoded whole, and handed on whole.
        look.held = look.size?.pixels.times(8) ?? 0
        return look
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer, from start: Int, _ look: inout Look, _ limits: RenderLimits, inFrame: Bool
    ) {
        var place = start
        while look.frames <= limits.frames, let kind = bytes.part(place, 4), let length = bytes.little(place + 4, 4) {
            // Of a cut file, what is left.
            guard let body = bytes.part(place + 8, min(length, bytes.count - place - 8)) else { return }
            if kind.has("VP8X"), let width = body.little(4, 3), let height = body.little(7, 3) {
                look.add(PixelSize(width: width + 1, height: height + 1))
            } else if kind.has("VP8 "), let width = body.little(6, 2), let height = body.little(8, 2) {
                look.add(PixelSize(width: width & 0x3FFF, height: height & 0x3FFF))
            } else if kind.has("VP8L"), let packed = body.little(1, 4) {
                look.add(PixelSize(width: packed & 0x3FFF + 1, height: packed >> 14 & 0x3FFF + 1))
            } else if kind.has("ANMF"), !inFrame {
                look.frames += 1
                if let width = body.little(6, 3), let height = body.little(9, 3) {
                    look.add(PixelSize(width: width + 1, height: height + 1))
                }
                read(body, from: 16, &look, limits, inFrame: true)
            }
            place += 8 + length + length % 2
        }
    }
}
