import RenditionCore

/// What stands in an Exif block and libexif doesn't hand out: values of a type that the standard doesn't foresee, values
/// in the wrong directory, and everything behind an entry that libexif stumbles over.
enum ExifGaps {
    static func fill(_ metadata: inout PhotoMetadata, from block: [UInt8]) {
        block.withUnsafeBytes { bytes in
            guard let structure = TIFFStructure(bytes) else { return }
            fill(&metadata, from: structure)
        }
    }

    private static func fill(_ metadata: inout PhotoMetadata, from structure: TIFFStructure) {
        let main = structure.main
        let exif = structure.directory(of: main[0x8769])
        let gps = structure.directory(of: main[0x8825])
        func entry(_ tag: Int) -> TIFFStructure.Entry? { exif[tag] ?? main[tag] }
        func positive(_ tag: Int) -> Double? { structure.number(entry(tag)).flatMap { $0 > 0 ? $0 : nil } }

        metadata.make = metadata.make ?? structure.text(entry(0x010F))
        metadata.model = metadata.model ?? structure.text(entry(0x0110))
        metadata.lens = metadata.lens ?? structure.text(entry(0xA434))
        metadata.iso =
            metadata.iso ?? structure.number(entry(0x8827)).flatMap { (1...10_000_000).contains($0) ? Int($0) : nil }
        metadata.aperture =
            metadata.aperture ?? positive(0x829D) ?? structure.number(entry(0x9202)).flatMap(Apex.aperture)
        metadata.shutterSpeed =
            metadata.shutterSpeed ?? positive(0x829A) ?? structure.number(entry(0x9201)).flatMap(Apex.exposureTime)
        metadata.focalLength = metadata.focalLength ?? positive(0x920A)
        metadata.dateTaken = metadata.dateTaken ?? date(structure, entry(0x9003), entry(0x9011))
        metadata.dateDigitized = metadata.dateDigitized ?? date(structure, entry(0x9004), entry(0x9012))
        if metadata.latitude == nil, let latitude = coordinate(structure, gps[2], limit: 90),
            let longitude = coordinate(structure, gps[4], limit: 180)
        {
            metadata.latitude = structure.text(gps[1])?.uppercased().hasPrefix("S") == true ? -latitude : latitude
            metadata.longitude = structure.text(gps[3])?.uppercased().hasPrefix("W") == true ? -longitude : longitude
        }
        metadata.rating =
            metadata.rating ?? structure.integer(main[0x4746]).flatMap { (1...5).contains($0) ? $0 : nil }
        metadata.title = metadata.title ?? wide(structure, main[0x9C9B])
        metadata.caption = metadata.caption ?? structure.text(main[0x010E]).flatMap(ownWords)
        if metadata.keywords.isEmpty, let words = wide(structure, main[0x9C9E]) {
            metadata.keywords = PhotoMetadata.keywords(words.split(separator: ";").map(String.init))
        }
    }

    private static func date(
        _ structure: TIFFStructure, _ date: TIFFStructure.Entry?, _ offset: TIFFStructure.Entry?
    ) -> String? {
        guard let date = structure.text(date).flatMap(MetadataDate.iso8601) else { return nil }
        guard date.count == 19 else { return date }
        return date + (structure.text(offset).flatMap(MetadataDate.offset) ?? "")
    }

    private static func coordinate(
        _ structure: TIFFStructure, _ entry: TIFFStructure.Entry?, limit: Double
    ) -> Double? {
        if entry?.type == 2 { return structure.text(entry).flatMap { textCoordinate($0, limit: limit) } }
        guard let degrees = structure.number(entry) else { return nil }
        let minutes = structure.number(entry, at: 1) ?? 0
        let seconds = structure.number(entry, at: 2) ?? 0
        let value = degrees + minutes / 60 + seconds / 3600
        return value >= 0 && value <= limit ? value : nil
    }

    /// Some phones write `52,00000,50,00000,34,01180` where fractions belong: three numbers with decimal commas.
    private static func textCoordinate(_ text: String, limit: Double) -> Double? {
        let digits = text.split(separator: ",", omittingEmptySubsequences: false)
        guard digits.count == 6 else { return nil }
        let parts = stride(from: 0, to: 6, by: 2).compactMap { Double("\(digits[$0]).\(digits[$0 + 1])") }
        guard parts.count == 3 else { return nil }
        let value = parts[0] + parts[1] / 60 + parts[2] / 3600
        return value >= 0 && value <= limit ? value : nil
    }

    /// Windows' own texts: UTF-16, little-endian whatever the block's order is.
    private static func wide(_ structure: TIFFStructure, _ entry: TIFFStructure.Entry?) -> String? {
        guard let data = structure.data(entry)?.prefix(MetadataText.longestField) else { return nil }
        let bytes = Array(data)
        let units = stride(from: 0, to: bytes.count - 1, by: 2).map { UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8 }
        return MetadataText.clean(String(decoding: units.prefix { $0 != 0 }, as: UTF16.self))
    }

    /// Many cameras fill the description with their own name; that is nobody's caption.
    private static func ownWords(_ text: String) -> String? {
        let upper = text.uppercased()
        let stamps = ["DIGITAL CAMERA", "SONY DSC", "DIGITAL STILL CAMERA", "DCIM", "DEFAULT"]
        return stamps.contains { upper.hasSuffix($0) } ? nil : text
    }
}
