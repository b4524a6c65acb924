import RenditionCore

/// The screen and the frames of a GIF file (GIF89a specification, sections 18 and 20).
enum GIFLook {
    static func look(_ bytes: UnsafeRawBufferPointer, _ limits: RenderLimits) -> Look {
        var look = Look()
        guard let width = bytes.little(6, 2), let height = bytes.little(8, 2), let flags = bytes.big(10, 1) else {
            return look
        }
        look.frames = 0
        look.add(PixelSize(width: width, height: height))
        var place = 13 + tableLength(flags)
        walk: while let introducer = bytes.big(place, 1) {
            switch introducer {
            case 0: place += 1
            case 0x21: place = skipBlocks(bytes, from: place + 2)
            case 0x2C:
                guard let left = bytes.little(place + 1, 2), let top = bytes.little(place + 3, 2),
                    let width = bytes.little(place + 5, 2), let height = bytes.little(place + 7, 2),
                    let flags = bytes.big(place + 9, 1)
                else { break walk }
                // Decoders widen the screen for a frame that reaches beyond it.
                look.add(PixelSize(width: left + width, height: top + height))
                look.frames += 1
                if look.frames > limits.frames { break walk }
                place = skipBlocks(bytes, from: place + 11 + tableLength(flags))
            default: break walk
            }
        }
        look.frames = max(1, look.frames)
        // The canvas as the decoder keeps it, and as it is handed on.
        look.held = look.size?.pixels.times(8) ?? 0
        return look
    }

    private static func tableLength(_ flags: Int) -> Int { flags & 0x80 == 0 ? 0 : 3 << (flags & 7 + 1) }

    private static func skipBlocks(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var place = start
        while place < bytes.count {
            let length = Int(bytes[place])
            place += 1 + length
            if length == 0 { break }
        }
        return place
    }
}
