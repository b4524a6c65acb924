import RenditionCore

/// The marker segments that a rendition carries beside its pixels (ITU-T T.81, annex B; JFIF 1.02).
enum JPEGSegments {
    /// The colour profile, and what the policy lets through.
    static func segments(
        for metadata: OriginalMetadata, policy: MetadataPolicy, profile: [UInt8] = CompactSRGBProfile.bytes
    ) -> [UInt8] {
        let carried = CarriedMetadata(metadata, policy: policy)
        var segments: [UInt8] = []
        if let exif = carried.exif { segments += segment(0xE1, Array("Exif\0\0".utf8) + exif) }
        // XMP specification, part 3, section 1.1.3.
        if let xmp = carried.xmp { segments += segment(0xE1, Array("http://ns.adobe.com/xap/1.0/\0".utf8) + xmp) }
        if let iptc = carried.iptc { segments += segment(0xED, photoshop(iptc)) }
        // ICC.1:2010, annex B.4: chunk 1 of 1.
        return segments + segment(0xE2, Array("ICC_PROFILE\0".utf8) + [1, 1] + profile)
    }

    /// IPTC records as Photoshop's image resource 0x0404, which is where readers look for them.
    private static func photoshop(_ iptc: [UInt8]) -> [UInt8] {
        let length = (0..<4).reversed().map { UInt8(iptc.count >> (8 * $0) & 255) }
        return Array("Photoshop 3.0\0".utf8) + Array("8BIM".utf8) + [0x04, 0x04, 0, 0] + length + iptc
            + (iptc.count % 2 == 0 ? [] : [0])
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
