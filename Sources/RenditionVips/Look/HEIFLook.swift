import RenditionCore

/// The boxes of HEIC, AVIF and CR3 files (ISO/IEC 14496-12, section 4.2; ISO/IEC 23008-12, section 6).
enum HEIFLook {
    static func look(_ bytes: UnsafeRawBufferPointer, _ limits: RenderLimits) -> Look {
        var look = Look()
        var boxes = 0
        walk(bytes, depth: 1, &boxes, &look, limits)
        for grid in BoxContainer.grids(in: bytes) {
            look.add(PixelSize(width: grid.width, height: grid.height))
            look.frames = max(look.frames, grid.tiles)
        }
        return look
    }

    private static let mostBoxes = 100_000

    /// Boxes that hold boxes, and the bytes before the first of them.
    private static let containers = [
        "moov": 0, "trak": 0, "mdia": 0, "minf": 0, "stbl": 0, "dinf": 0, "edts": 0, "udta": 0, "meta": 4, "iprp": 0,
        "ipco": 0, "iref": 4, "grpl": 0, "mvex": 0, "moof": 0, "traf": 0, "sinf": 0, "schi": 0,
    ]

    private static func walk(
        _ bytes: UnsafeRawBufferPointer, depth: Int, _ boxes: inout Int, _ look: inout Look, _ limits: RenderLimits
    ) {
        look.nesting = max(look.nesting, depth)
        guard look.nesting <= limits.nesting else { return }
        let found = BoxContainer.boxes(in: bytes)
        boxes += found.count
        // What isn't counted isn't looked at.
        if found.count >= BoxContainer.most || boxes > mostBoxes {
            look.damage = "more than \(found.count) boxes side by side, or \(mostBoxes) in all"
            return
        }
        for box in found {
            if box.kind.has("ispe"), let width = box.body.big(4, 4), let height = box.body.big(8, 4) {
                look.add(PixelSize(width: width, height: height))
            }
            guard let head = containers[String(decoding: box.kind, as: UTF8.self)] else { continue }
            if let inner = box.body.part(from: head), !inner.isEmpty {
                walk(inner, depth: depth + 1, &boxes, &look, limits)
            }
        }
    }
}
