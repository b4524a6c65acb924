import RenditionCore

/// The marker segments that a rendition carries beside its pixels (ITU-T T.81, annex B; JFIF 1.02).
enum JPEGSegments {
    /// The colour profile, and the copyright where the original states one.
    static func publicSegments(for metadata: PhotoMetadata) -> [UInt8] {
        var segments: [UInt8] = []
        if let exif = ExifWriter.block(artist: metadata.artist, copyright: metadata.copyright) {
            segments += segment(0xE1, Array("Exif\0\0".utf8) + exif)
        }
        // ICC.1:2010, annex B.4: chunk 1 of 1.
        return segments + segment(0xE2, Array("ICC_PROFILE\0".utf8) + [1, 1] + CompactSRGBProfile.bytes)
    }

    /// Puts segments behind a JPEG file's start marker and its JFIF header.
    static func insert(_ segments: [UInt8], into file: UnsafeRawBufferPointer) -> [UInt8] {
        var head = 2
        if file.count >= 6, file[2] == 0xFF, file[3] == 0xE0 { head = 4 + (Int(file[4]) << 8 | Int(file[5])) }
        head = min(head, file.count)
        return [UInt8](unsafeUninitializedCapacity: file.count + segments.count) { buffer, count in
            let parts = UnsafeMutableRawBufferPointer(buffer)
            parts.copyMemory(from: UnsafeRawBufferPointer(rebasing: file[..<head]))
            UnsafeMutableRawBufferPointer(rebasing: parts[head...]).copyBytes(from: segments)
            UnsafeMutableRawBufferPointer(rebasing: parts[(head + segments.count)...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: file[head...]))
            count = file.count + segments.count
        }
    }

    private static func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] {
        let length = body.count + 2
        return [0xFF, marker, UInt8(length >> 8 & 255), UInt8(length & 255)] + body
    }
}
