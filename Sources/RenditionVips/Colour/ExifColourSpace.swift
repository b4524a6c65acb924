/// The colour space that a camera names in Exif instead of embedding a profile.
enum ExifColourSpace {
    /// A profile of Adobe RGB (1998) where the block's interoperability index is R03, as cameras mark files in the optional
    /// colour space (DCF 2.0, section 5.5; Exif 2.32, section 4.6.7). They name such files `_MG_1234.JPG`.
    ///
    /// - Parameter exif: An Exif block, as a TIFF structure.
    /// - Returns: nil for sRGB and where nothing is said.
    static func profile(_ exif: [UInt8]) -> [UInt8]? {
        exif.withUnsafeBytes { bytes in
            guard let structure = TIFFStructure(bytes) else { return nil }
            let directory = structure.directory(of: structure.main[0x8769])
            // An editor that brought the photo to sRGB says so here, and often forgets the index.
            if structure.integer(directory[0xA001]) == 1 { return nil }
            let interoperability = structure.directory(of: directory[0xA005])
            return structure.text(interoperability[0x0001]) == "R03" ? adobeRGB : nil
        }
    }

    /// Primaries and curve by "Adobe RGB (1998) color image encoding", version 2005-05, section 4.3.
    private static let adobeRGB: [UInt8]? = Chromaticities((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)).colorants.map {
        CompactProfile.build(
            "Adobe RGB (1998)", primaries: $0.primaries, curve: .gamma(563.0 / 256), adaptation: $0.adaptation)
    }
}
