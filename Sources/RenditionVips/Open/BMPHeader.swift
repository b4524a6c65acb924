import RenditionCore

/// A BMP's header, enough to tell what can't be decoded (Microsoft, "BITMAPINFOHEADER structure").
enum BMPHeader {
    /// - Throws: A final ``RenditionError`` `unsupported` for a compression or a depth that only few programs know.
    static func verify(_ bytes: UnsafeRawBufferPointer) throws {
        guard let size = bytes.little(14, 4) else { return }
        // OS/2's first header has numbers of two bytes.
        let depth = bytes.little(size < 16 ? 24 : 28, 2)
        let compression = size < 40 ? 0 : bytes.little(30, 4)
        if let compression, let name = [4: "a JPEG", 5: "a PNG"][compression] {
            throw RenditionError.unsupported("is a BMP with \(name) inside", instead: "\(name) file")
        }
        if let compression, ![0, 1, 2, 3].contains(compression) {
            throw RenditionError.unsupported("is a BMP with a compression that is hardly known", instead: "a PNG")
        }
        if let depth, ![1, 4, 8, 16, 24, 32].contains(depth) {
            throw RenditionError.unsupported("is a BMP with \(depth) bits a pixel", instead: "a PNG")
        }
    }

    /// The pixels that the header declares.
    static func look(_ bytes: UnsafeRawBufferPointer) -> Look {
        var look = Look()
        guard let size = bytes.little(14, 4) else { return look }
        let isOld = size < 16
        guard let width = bytes.little(18, isOld ? 2 : 4), let height = bytes.little(isOld ? 20 : 22, isOld ? 2 : 4),
            let depth = bytes.little(isOld ? 24 : 28, 2)
        else { return look }
        // A height below zero says that the rows begin at the top.
        let rows = isOld ? height : Int(Int32(truncatingIfNeeded: height).magnitude)
        look.add(PixelSize(width: width, height: rows))
        let needed = (width.times(depth) / 32).times(4, rows)
        if [0, 3].contains(isOld ? 0 : bytes.little(30, 4) ?? 0), needed / 2 > bytes.count {
            look.damage = "\(width) × \(rows) pixels of \(depth) bits in \(bytes.count) bytes"
        }
        return look
    }

    /// Whether the fourth byte of a pixel is alpha: only where the header says so by a mask. ImageMagick takes it for alpha
    /// wherever there is one, though most programs leave it 0.
    static func declaresAlpha(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let size = bytes.little(14, 4), size >= 56, bytes.little(30, 4) == 3, let mask = bytes.little(66, 4)
        else {
            return false
        }
        return mask != 0
    }
}
