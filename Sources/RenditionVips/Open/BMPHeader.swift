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
