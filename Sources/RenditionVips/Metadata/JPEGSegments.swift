import RenditionCore

/// The marker segments that a rendition carries beside its pixels (ITU-T T.81, annex B; JFIF 1.02).
enum JPEGSegments {
    /// The colour profile, and what the policy lets through.
    ///
    /// - Parameter gainMapLength: The bytes of the gain map that will stand behind the picture; nil where there is none.
    static func segments(
        for metadata: OriginalMetadata, policy: MetadataPolicy, profile: [UInt8] = CompactSRGBProfile.bytes,
        gainMapLength: Int? = nil
    ) -> [UInt8] {
        let carried = CarriedMetadata(metadata, policy: policy)
        let xmp = gainMapLength.map { GainMapXMP.announcing($0, in: carried.xmp) } ?? carried.xmp
        var segments: [UInt8] = []
        if let exif = carried.exif { segments += segment(0xE1, Array("Exif\0\0".utf8) + exif) }
        // XMP specification, part 3, section 1.1.3.
        if let xmp { segments += segment(0xE1, GainMapXMP.label + xmp) }
        if let iptc = carried.iptc { segments += segment(0xED, photoshop(iptc)) }
        // ICC.1:2010, annex B.4: chunk 1 of 1.
        segments += segment(0xE2, Array("ICC_PROFILE\0".utf8) + [1, 1] + profile)
        return segments + (gainMapLength == nil ? [] : segment(0xE2, GainMapISO.announcement))
    }

    /// IPTC records as Photoshop's image resource 0x0404, which is where readers look for them.
    private static func photoshop(_ iptc: [UInt8]) -> [UInt8] {
        let length = (0..<4).reversed().map { UInt8(iptc.count >> (8 * $0) & 255) }
        return Array("Photoshop 3.0\0".utf8) + Array("8BIM".utf8) + [0x04, 0x04, 0, 0] + length + iptc
            + (iptc.count % 2 == 0 ? [] : [0])
    }

    /// Puts segments behind a JPEG file's start marker and its JFIF header.
    ///
    /// - Parameter second: A second picture's file to stand behind the first, which gets a list of both.
    static func insert(
        _ segments: [UInt8], into file: UnsafeRawBufferPointer, followedBy second: [UInt8] = []
    ) -> [UInt8] {
        var head = 2
        if file.count >= 6, file[2] == 0xFF, file[3] == 0xE0 { head = 4 + (Int(file[4]) << 8 | Int(file[5])) }
        head = min(head, file.count)
        var segments = segments
        if !second.isEmpty {
            segments += MultiPicture.segment(
                firstLength: file.count + segments.count + MultiPicture.segmentLength, start: head + segments.count,
                secondLength: second.count)
        }
        let length = file.count + segments.count + second.count
        return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            let parts = UnsafeMutableRawBufferPointer(buffer)
            parts.copyMemory(from: UnsafeRawBufferPointer(rebasing: file[..<head]))
            UnsafeMutableRawBufferPointer(rebasing: parts[head...]).copyBytes(from: segments)
            UnsafeMutableRawBufferPointer(rebasing: parts[(head + segments.count)...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: file[head...]))
            UnsafeMutableRawBufferPointer(rebasing: parts[(file.count + segments.count)...]).copyBytes(from: second)
            count = length
        }
    }

    /// A marker segment: marker, length, body.
    static func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] {
        let length = body.count + 2
        // Its length couldn't be said. What is carried is bounded before, and no photo may end the process here.
        guard length <= 65535 else { return [] }
        return [0xFF, marker, UInt8(length >> 8 & 255), UInt8(length & 255)] + body
    }
}
