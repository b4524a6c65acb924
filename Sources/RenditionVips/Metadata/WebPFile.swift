import RenditionCore

/// Puts a WebP file together anew, of its pixels and a colour profile (WebP Container Specification, "Extended File
/// Format").
///
/// libvips writes an Exif block of its own making into each, whatever it is told.
enum WebPFile {
    /// - Parameter file: A file of one picture.
    static func bare(_ file: UnsafeRawBufferPointer, profile: [UInt8], _ size: PixelSize) -> [UInt8] {
        let usesProfile: UInt8 = 0x20
        let header = [usesProfile, 0, 0, 0] + uint24(size.width - 1) + uint24(size.height - 1)
        var body = Array("WEBP".utf8) + chunk("VP8X", header) + chunk("ICCP", profile)
        var offset = 12
        while offset + 8 <= file.count {
            let length = (0..<4).reduce(0) { $0 | Int(file[offset + 4 + $1]) << (8 * $1) }
            let end = min(file.count, offset + 8 + length + length % 2)
            if file[offset..<(offset + 4)].elementsEqual("VP8 ".utf8) { body += file[offset..<end] }
            offset = end
        }
        return Array("RIFF".utf8) + uint32(body.count) + body
    }

    private static func chunk(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
        Array(name.utf8) + uint32(bytes.count) + bytes + (bytes.count % 2 == 0 ? [] : [0])
    }

    private static func uint24(_ value: Int) -> [UInt8] {
        [UInt8(value & 255), UInt8(value >> 8 & 255), UInt8(value >> 16 & 255)]
    }

    private static func uint32(_ value: Int) -> [UInt8] { uint24(value) + [UInt8(value >> 24 & 255)] }
}
