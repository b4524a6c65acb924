import RenditionCore

/// The pages of a TIFF file and the directories within them (TIFF 6.0, section 2; TIFF Technical Note 1).
enum TIFFLook {
    static func look(_ bytes: UnsafeRawBufferPointer, _ limits: RenderLimits) -> Look {
        var look = Look()
        let pages = TIFFPages(bytes, most: limits.frames + 1)
        look.frames = max(1, pages.pages.count)
        look.nesting = nesting(bytes, limits)
        guard pages.pages.indices.contains(pages.photo) else { return look }
        let page = pages.pages[pages.photo]
        let size = PixelSize(width: page.width, height: page.height)
        look.add(size)
        let bytesPerPixel = max(1, page.samples.times(page.bits) / 8)
        if page.isTiled {
            // A row of tiles comes at once.
            let across = max(page.width, page.tileWidth)
            look.held = across.times(page.tileHeight, bytesPerPixel)
        } else {
            look.held = page.width.times(min(page.height, page.rowsPerStrip), bytesPerPixel)
        }
        if page.pieces.times(page.bytesPerPiece) > bytes.count {
            look.damage = "a table of \(page.pieces) strips or tiles in a file of \(bytes.count) bytes"
        }
        return look
    }

    /// Tags that lead to further directories: sub-directories, Exif, GPS, interoperability.
    private static let leading = [0x014A, 0x8769, 0x8825, 0xA005]
    private static let mostDirectories = 10_000

    /// How deep directories stand in each other. One that was met before leads no deeper.
    static func nesting(_ bytes: UnsafeRawBufferPointer, _ limits: RenderLimits) -> Int {
        guard let structure = TIFFStructure(bytes) else { return 0 }
        var deepest = 0
        var met: Set<Int> = []
        var open = [(structure.first, 1)]
        while let (place, depth) = open.popLast(), met.count < mostDirectories {
            guard met.insert(place).inserted else { continue }
            let directory = structure.directory(at: place)
            guard !directory.isEmpty else { continue }
            deepest = max(deepest, depth)
            if deepest > limits.nesting { return deepest }
            for tag in leading {
                guard let entry = directory[tag] else { continue }
                for index in 0..<min(entry.count, 32) {
                    if let next = structure.integer(entry, at: index) { open.append((next, depth + 1)) }
                }
            }
        }
        return deepest
    }
}
